"""What the guests' input generators share."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/tools/random"))
from rows import read_rows  # noqa: E402

DATA, CODE = 0x20000000, 0x10000800  # tests/isa/vector.h


def show(value):
    """A value as vectors write it."""
    if value >> 64:
        return f"{value >> 64:#x}_{value & (1 << 64) - 1:016x}"
    return f"{value:#x}" if value > 9 else str(value)


def line(assembly, before, after):
    """A whole vector from two states; only what changes is named on the right."""
    changed = {name: value for name, value in after.items() if before.get(name, 0) != value}
    state = lambda registers: "".join(f" {name}={show(value)}" for name, value in registers.items())
    return f"{assembly} |{state(before)} =>{state(changed)}"


class Line:
    """The left side of a vector."""

    def __init__(self):
        self.registers, self.data = {}, {}

    def text(self, assembly):
        items = [f"{name}={show(value)}" for name, value in self.registers.items() if name != "zero"]
        items += [f"[{at}]={value:#x}" for at, value in sorted(self.data.items())]
        return assembly + " | " + " ".join(items)


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def read_chapter(folder, options, widths):
    """The rows of a chapter's .inc, or those of them that the options name."""
    wanted = set(re.findall(r"INST\((\w+),", (folder / f"{options.chapter}.inc").read_text()))
    if options.rows:
        wanted &= set(options.rows.split(","))
    return [row for row in read_rows(folder, widths) if row.name in wanted]
