"""Philox 4x32-10 in NumPy: the random numbers of the engine, restated.

Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Key = seed; counter = (block, block >> 32,
sentence, stream). Streams: prenet layer 0, 1; 0x100 + flow for the noise of the channels that a flow brings in.
"""

import numpy as np

PRENET, NOISE = 0, 0x100


def philox(block, sentence, stream, seed):
    """Four words for each counter: `[blocks, 4]` as uint64 below 2^32."""
    block = np.asarray(block, dtype=np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    c = [block & mask, block >> np.uint64(32), np.full_like(block, sentence), np.full_like(block, stream)]
    k = [np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)]
    for round_ in range(10):
        if round_:
            k = [(k[0] + np.uint64(0x9E3779B9)) & mask, (k[1] + np.uint64(0xBB67AE85)) & mask]
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        high0, high1 = p0 >> np.uint64(32), p1 >> np.uint64(32)
        c = [high1 ^ c[1] ^ k[0], p1 & mask, high0 ^ c[3] ^ k[1], p0 & mask]
    return np.stack(c, axis=-1)


def rows(count, channels, first, sentence, stream, seed):
    """The words of `count` rows of `channels` values; every row starts at a block of its own."""
    per_row = -(-channels // 4)
    blocks = np.arange(first * per_row, (first + count) * per_row)
    return philox(blocks, sentence, stream, seed).reshape(count, per_row * 4)


def noise(groups, channels, flow, sentence, seed):
    """Standard normal values `[groups, channels]` (Box and Muller)."""
    words = rows(groups, channels, 0, sentence, NOISE | flow, seed).astype(np.float64)
    radius = np.sqrt(-2 * np.log((words[:, 0::2] + 1) / 2**32))
    angle = words[:, 1::2] * (2 * np.pi / 2**32)
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return pairs.reshape(groups, -1)[:, :channels].astype(np.float32)


def dropout_mask(channels, layer, step, sentence, seed):
    """0 or 2 for each channel of a prenet layer: dropout of probability one half."""
    words = rows(1, channels, step, sentence, PRENET | layer, seed)[0, :channels]
    return np.where(words < 2**31, 0, 2).astype(np.float32)


def check():
    """Known answers of the authors' kat_vectors."""
    assert [hex(w) for w in philox([0], 0, 0, 0)[0]] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    ones = philox([2**64 - 1], 2**32 - 1, 2**32 - 1, 2**64 - 1)[0]
    assert [hex(w) for w in ones] == ["0x408f276d", "0x41c83b0e", "0xa20bc7c6", "0x6d5451fd"]


check()
