#!/usr/bin/env python3
"""Vectors that the reference (QEMU 7.2) cannot record: features that it does not know, and where it departs from the manual. Right
sides are computed from the manual's words or pseudocode, with Python's own integers and fractions, never by Menura.

usage: by_hand.py           replaces the parts behind "# by hand" in tests/isa
"""
import arm64_by_hand
import riscv_by_hand
from drawing import ROOT


def main():
    for name, lines in {**riscv_by_hand.PARTS, **arm64_by_hand.PARTS}.items():
        path = ROOT / "tests/isa" / f"{name}.txt"
        recorded = path.read_text() if path.exists() else ""
        path.write_text(recorded.split("# by hand")[0] + "\n".join(lines()) + "\n")


if __name__ == "__main__":
    main()
