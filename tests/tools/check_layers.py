#!/usr/bin/env python3
"""Checks every #include between rooms against layers.txt.

usage: check_layers.py [ROOT]      (ROOT: the source tree, by default two folders up)
Prints one line for each include that the rules forbid and exits with 1 if there is any.
"""
import pathlib
import re
import sys

SUFFIXES = {".h", ".cpp", ".def", ".inc", ".S"}
INCLUDE = re.compile(r"^\s*#\s*include\s+([<\"])([^>\"]+)[>\"]")
# Headers that few rooms may see: the library behind them stays behind one wall.
WALLED = {"llvm/": ("backends/llvm", "tests"), "llvm-c/": ("backends/llvm", "cli", "tests")}


def read_rules(path):
    rules = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        room, colon, allowed = line.partition(":")
        if not colon:
            sys.exit(f"{path}:{number}: expected 'room: rooms it may include', found '{line}'")
        rules[room.strip()] = allowed.split()
    return rules


def room_of(name, rules):
    rooms = [room for room in rules if name.startswith(room + "/")]
    return max(rooms, key=len, default=None)


def allows(pattern, room):
    if pattern.endswith("/*"):
        return room == pattern[:-2] or room.startswith(pattern[:-1])
    return room == pattern


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    rules = read_rules(pathlib.Path(__file__).with_name("layers.txt"))
    tops = sorted({room.split("/")[0] for room in rules})
    problems, checked = [], 0
    for path in sorted(path for top in tops for path in (root / top).rglob("*") if path.suffix in SUFFIXES):
        name = path.relative_to(root).as_posix()
        room = room_of(name, rules)
        if room is None and len(path.relative_to(root).parts) > 2:
            problems.append(f"{name}: its folder is no room of layers.txt")
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, target = match.groups()
            if kind == "<":
                for prefix, homes in WALLED.items():
                    if target.startswith(prefix) and not name.startswith(homes):
                        problems.append(f"{name}:{number}: <{target}> belongs in {' or '.join(homes)} only")
                continue
            if not (root / target).is_file():
                problems.append(f'{name}:{number}: "{target}" is not a path from the root of the tree')
                continue
            checked += 1
            target_room = room_of(target, rules)
            if room is None or target_room == room:
                continue
            if target_room is None:
                # A file at the top of a floor (ir/ops.def) is seen by everyone who may see its lowest room.
                target_room = next((r for r in rules if r.startswith(target.split("/")[0])), None)
                if target_room == room:
                    continue
            if target_room is None or not any(allows(pattern, target_room) for pattern in rules[room]):
                problems.append(f"{name}:{number}: {room} may not include {target}")
    for problem in problems:
        print(problem)
    print(f"{checked} includes checked, {len(problems)} problems")
    return 1 if problems or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
