#!/usr/bin/env python3
"""Checks that every folder of sources has a README.md, that the files each README names exist, and that no source file is
longer than 1,000 lines.

usage: check_readmes.py [ROOT]
"""
import pathlib
import re
import sys

ROOMS = ["ir", "vcpu", "frontends", "backends", "softmmu", "host", "boards", "linux-user", "cli", "tests", "benchmarks", "tools"]
NAMED = re.compile(r"`([A-Za-z0-9_./-]+\.(?:cpp|h|def|inc|py|txt|ir|S|md))`")
SOURCES = {".cpp", ".h", ".def", ".inc", ".py"}
NO_MAP_NEEDED = {"guest"}  # folders of guest programs are described by their parent's README
LONGEST = 1000


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    problems = []
    for top in (root / room for room in ROOMS if (root / room).is_dir()):
        sources = [path for path in top.rglob("*") if path.suffix in SOURCES]
        for folder in sorted({top} | {path.parent for path in sources}):
            if folder.name in NO_MAP_NEEDED:
                continue
            readme = folder / "README.md"
            if not readme.is_file():
                problems.append(f"{folder.relative_to(root)}: no README.md")
                continue
            for named in NAMED.findall(readme.read_text()):
                if not (folder / named).exists() and not (root / named).exists() and not list(folder.rglob(named)):
                    problems.append(f"{readme.relative_to(root)}: names {named}, which is not there")
        for path in sources:
            lines = path.read_text().count("\n")
            if lines > LONGEST:
                problems.append(f"{path.relative_to(root)}: {lines} lines; the limit is {LONGEST}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
