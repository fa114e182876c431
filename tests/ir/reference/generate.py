#!/usr/bin/env python3
"""Writes the .ir tests whose expected values come from exact arithmetic.

usage: generate.py [--check]      (--check: writes nothing, exits with 1 if a file is not what would be written)
"""
import pathlib
import sys

import arm_floats
import floats
import hashes
import integers
import vectors


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    folder = pathlib.Path(__file__).resolve().parent.parent / "ops"
    stale = []
    for module in (integers, vectors, hashes, floats, arm_floats):
        for name, parts in module.files():
            path = folder / f"{name}.ir"
            text = "".join(parts)
            if path.is_file() and path.read_text() == text:
                continue
            stale.append(path.name)
            if not check:
                path.write_text(text)
    for name in stale:
        print(f"{name} {'is not what tests/ir/reference/generate.py writes; run it' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
