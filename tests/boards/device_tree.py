#!/usr/bin/env python3
"""The device tree of a board against that of QEMU's board of the same name: every device that both have must be at the same place,
with the same interrupts and the same names; so software made for one finds everything on the other.
usage: device_tree.py MENURA QEMU BOARD [PROPERTIES OF THE BOARD ...]"""
import os
import struct
import subprocess
import sys
import tempfile

menura, qemu, board, *properties = sys.argv[1:]
# What may differ: names of the board and of CPUs, and what each machine draws by lot.
SAME = ("compatible", "reg", "interrupts", "interrupt-controller", "#interrupt-cells", "riscv,ndev", "value", "offset",
        "timebase-frequency", "stdout-path", "device_type", "clock-frequency", "#address-cells", "#size-cells")
POINTERS = ("interrupt-parent", "regmap")  # phandles: compared by what they point at
# By properties of the board, what differs and why: the GIC's virtual interface is not there, with its interrupt and registers; and an
# interrupt that QEMU gives to a device that is wired to none.
EXCEPT = {"virtualization=on": [("/intc@8000000", "interrupts"), ("/intc@8000000", "reg")],
          "secure=on": [("/pl061@90b0000", "interrupts")]}
POINTER_PAIRS = ("interrupts-extended",)   # phandle, one cell


def read(blob):
    """path -> {property: bytes}, as the Devicetree Specification, chapter 5, lays it out."""
    magic, _, structure, strings = struct.unpack_from(">IIII", blob)
    assert magic == 0xd00dfeed
    nodes, path, at = {}, [], structure
    while True:
        token = struct.unpack_from(">I", blob, at)[0]
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            nodes["/".join(path) or "/"] = {}
            at = (end + 4) & ~3
        elif token == 2:
            path.pop()
        elif token == 3:
            size, name = struct.unpack_from(">II", blob, at)
            end = blob.index(b"\0", strings + name)
            nodes["/".join(path) or "/"][blob[strings + name:end].decode()] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == 9:
            return nodes


def resolved(nodes):
    # Named by their addresses: what a node is called means nothing.
    owners = {data["phandle"]: path.partition("@")[2] or path for path, data in nodes.items() if "phandle" in data}
    for data in nodes.values():
        for name in POINTERS:
            if name in data:
                data[name] = owners[data[name]]
        # Arm's have three cells, the last says level or edge: devices here hold levels, some of QEMU's give edges.
        if len(data.get("interrupts", b"")) % 12 == 0:
            cells = data.get("interrupts", b"")
            data["interrupts"] = [cells[i:i + 8] for i in range(0, len(cells), 12)]
        for name in POINTER_PAIRS:
            if name in data:
                cells = [data[name][i:i + 4] for i in range(0, len(data[name]), 4)]
                data[name] = [(owners[cells[i]], cells[i + 1]) for i in range(0, len(cells), 2)]
    return nodes


def dump(command, folder):
    path = os.path.join(folder, "tree")
    subprocess.run([part.replace("TREE", path) for part in command], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    with open(path, "rb") as file:
        return resolved(read(file.read()))


name = board.rpartition("/")[2]
with tempfile.TemporaryDirectory() as folder:
    ours = dump([menura, "boot", "--board", ",".join([board, *properties, "dumpdtb=TREE"]), "--smp", "3", "--memory", "256M"], folder)
    theirs = dump([qemu, "-M", ",".join([name, *properties, "dumpdtb=TREE"]), "-smp", "3", "-m", "256M", "-display", "none"], folder)
differences = []
common = [path for path in ours if path in theirs]
for path in common:
    for key in (*SAME, *POINTERS, *POINTER_PAIRS):
        if key == "compatible" and ("@" not in path or path.startswith("/cpus/")):
            continue
        if any((path, key) in EXCEPT.get(property, []) for property in properties):
            if not ours[path][key] or theirs[path][key].startswith(ours[path][key]):
                continue
        if key in ours[path] and key in theirs[path] and ours[path][key] != theirs[path][key]:
            differences.append(f"{path}: {key} is {ours[path][key]}, not {theirs[path][key]}")
for path in ours:
    if path not in theirs and "@" in path and "interrupt-controller" not in ours[path]:
        differences.append(f"{path}: QEMU's board has none")
print(f"{len(common)} nodes are on both: {' '.join(path for path in common if '@' in path)}")
print("only QEMU has:", " ".join(path for path in theirs if path not in ours))
if len(common) < 8:
    differences.append("too few nodes to compare")
if differences:
    sys.exit("\n".join(differences))
