#!/usr/bin/env python3
"""Runs a guest program with -strace and looks for lines that match regular expressions, in their order.

usage: strace.py MENURA GUEST EXPECTED
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    menura, guest, expected = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([menura, "run", "-strace", guest], cwd=folder, capture_output=True, text=True, timeout=300)
    lines = iter(done.stderr.splitlines())
    for pattern in pathlib.Path(expected).read_text().splitlines():
        if not any(re.fullmatch(r"\d+ " + pattern, line) for line in lines):
            print(f"no line matches {pattern}\nin\n{done.stderr}")
            return 1
    return 0 if done.returncode == 3 else 1


if __name__ == "__main__":
    sys.exit(main())
