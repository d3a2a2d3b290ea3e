#!/usr/bin/env python3
"""Pack the transliteration table of the Rust crate `unidecode` 0.3.0 into a small binary file.

    cargo download unidecode==0.3.0      # or take it from the cargo registry cache
    python3 tools/make_transliteration.py PATH/unidecode-0.3.0/src/data.rs src/text/data/transliteration.bin

The crate (BSD-3-Clause, its text is in src/text/data/UNIDECODE-LICENSE) holds 65,535 string
slices: over 1 MB of pointers that a shared library has to relocate at load. Few of the strings are
different from each other, so this file keeps each one once and a 16-bit number per character.

Format, little endian: u16 number of strings; per string u8 length and its ASCII bytes; then 256
u16, the row of each block of 256 characters; then the rows, 256 u16 each (string numbers).
"""

import re
import struct
import sys

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "0": "\0", "'": "'"}


def unescape(body):
    def one(match):
        text = match.group(1)
        if text.startswith("x"):
            return chr(int(text[1:], 16))
        if text.startswith("u{"):
            return chr(int(text[2:-1], 16))
        return ESCAPES[text]

    return re.sub(r"\\(x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]+\}|.)", one, body, flags=re.S)


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    strings = [unescape(s) for s in LITERAL.findall(text[text.index("MAPPING") :])]
    assert len(strings) == 65535, len(strings)
    strings.append("")  # U+FFFF is not a character
    assert strings[ord("é")] == "e" and strings[0x5317] == "Bei "
    numbers = {}
    for text in strings:
        numbers.setdefault(text, len(numbers))
    rows, row_numbers, blocks = [], {}, []
    for block in range(256):
        row = tuple(numbers[s] for s in strings[256 * block : 256 * block + 256])
        if row not in row_numbers:
            row_numbers[row] = len(rows)
            rows.append(row)
        blocks.append(row_numbers[row])
    out = bytearray(struct.pack("<H", len(numbers)))
    for text in numbers:
        data = text.encode("ascii")
        out += bytes([len(data)]) + data
    out += struct.pack("<256H", *blocks)
    for row in rows:
        out += struct.pack("<256H", *row)
    with open(target, "wb") as file:
        file.write(out)
    print(f"{len(numbers)} strings, {len(rows)} rows, {len(out)} bytes")


main()
