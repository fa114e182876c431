#!/usr/bin/env python3
"""Draws left sides of vectors for decode rows: operands with coincidences, corner and random values.

usage: inputs.py GUEST CHAPTER [--rows ID,...] [--count N] [--seed N]

GUEST is riscv, riscv32 or arm64, CHAPTER names an .inc of its decode rows; prints lines for tests/isa/GUEST/CHAPTER.txt.
"""
import argparse
import importlib

MODULES = {"riscv": "riscv_inputs", "riscv32": "riscv_inputs", "arm64": "arm64_inputs"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guest", choices=MODULES)
    parser.add_argument("chapter")
    parser.add_argument("--rows")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for line in importlib.import_module(MODULES[options.guest]).lines(options):
        print(line)


if __name__ == "__main__":
    main()
