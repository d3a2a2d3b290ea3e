#!/usr/bin/env python3
"""Checks that every crate that the library, the command line and the tests are built of may be used under a permissive
licence. Reads `cargo metadata`; an SPDX expression passes if some choice of its alternatives is on the list.

    cargo metadata --format-version 1 --locked | .ci/licences.py
"""

import json
import re
import sys

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC",
    "MIT", "MIT-0", "NCSA", "OFL-1.1", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "Zlib",
}  # fmt: skip

# Programs that run while building; nothing of them is in what is built.
BUILD_ONLY = {"cbindgen": "MPL-2.0"}


def permitted(expression):
    """Evaluates an SPDX expression. `MIT/Apache-2.0` is the old form of `OR`."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either():
        result = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            result = both() or result
        return result

    def both():
        result = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            result = one() and result
        return result

    def one():
        token = tokens.pop(0)
        if token == "(":
            result = either()
            tokens.pop(0)
            return result
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token += f" WITH {tokens.pop(0)}"
        return token in ALLOWED

    return either()


def main():
    assert permitted("MIT OR GPL-3.0") and permitted("(MIT OR Apache-2.0) AND Unicode-3.0") and permitted("MIT/Apache-2.0")
    assert not permitted("MIT AND GPL-3.0") and not permitted("GPL-2.0 WITH Classpath-exception-2.0")
    packages = [p for p in json.load(sys.stdin)["packages"] if p["source"]]
    refused = [p for p in packages if not permitted(p["license"] or "none") and BUILD_ONLY.get(p["name"]) != p["license"]]
    for p in refused:
        print(f"{p['name']} {p['version']}: licence {p['license']!r} is not on the list in .ci/licences.py")
    print(f"{len(packages)} crates, {len(refused)} refused")
    sys.exit(bool(refused))


if __name__ == "__main__":
    main()
