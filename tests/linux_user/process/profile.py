#!/usr/bin/env python3
"""`menura run --profile` and `--perf` on a program with one hot function.  usage: profile.py MENURA PROGRAM"""
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

menura, program = sys.argv[1:]
work = tempfile.TemporaryDirectory()
plain = subprocess.run([menura, "run", program], stdout=subprocess.PIPE, check=True).stdout


def run(*options):
    """Runs the program; it must do what it does without the options. Returns the process id that it had."""
    process = subprocess.Popen([menura, "run", *options, program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate()
    assert process.returncode == 0 and out == plain and err == b"", (options, process.returncode, out, err)
    return process.pid


def folded(*options):
    path = pathlib.Path(work.name) / "out.folded"
    run("--profile", str(path), *options)
    stacks = {}
    for line in path.read_text().splitlines():
        stack, time = re.fullmatch(r"(.+) (\d+)", line).groups()
        stacks[stack] = int(time)
    return stacks


for options in ((), ("--tier", "0"), ("--tier", "auto"), ("--tier", "2")):
    stacks = folded(*options)
    total = sum(stacks.values())
    in_hot = sum(time for stack, time in stacks.items() if stack.split(";")[-1] == "hot")
    below_main = sum(time for stack, time in stacks.items() if "main;hot" in stack)
    assert total >= 20, (options, stacks)
    # What tier 2 has inlined into main is main's.
    if "2" in options or "auto" in options:
        in_hot += sum(time for stack, time in stacks.items() if stack.split(";")[-1] == "main")
    else:
        assert below_main > total / 2, (options, stacks)
    assert in_hot > 0.7 * total, (options, stacks)

page = pathlib.Path(work.name) / "out.html"
run("--profile", str(page), "--tier", "auto")
root = xml.etree.ElementTree.parse(page).getroot()  # well-formed
assert root.tag == "html"
text = page.read_text()
assert not re.search(r"(src|href)=|url\(|@import|https?:", text), "the page wants something from elsewhere"
assert any(row.findtext("td") == "hot" for row in root.iter("tr"))
assert any("hot:" in (box.get("title") or "") for box in root.iter("div")), "the flame graph has no hot()"
regions = list(root.iter("details"))
hottest = regions[0]
assert re.search(r"\d+ ms.*(traces|hot|tier 2): (hot|main), 0x", hottest.findtext("summary")), hottest.findtext("summary")
guest, ir, host = (pre.text for pre in hottest.iter("pre"))
assert re.search(r"\b(mulw|madd)\b", guest) and "mul" in ir and "imul" in host, (guest, ir, host)

# The names of host code for perf.
process = run("--perf")
names, dump = (pathlib.Path(f"/tmp/{name.format(process)}") for name in ("perf-{}.map", "jit-{}.dump"))
lines = [line.split(" ", 2) for line in names.read_text().splitlines()]
code = dump.read_bytes()
names.unlink()
dump.unlink()
assert any(name == "hot [hot]" for _, _, name in lines), lines
assert struct.unpack_from("<4I", code) == (0x4A695444, 1, 40, 62)
at, loads = 40, []
while at < len(code):
    kind, size = struct.unpack_from("<2I", code, at)
    address, length = struct.unpack_from("<2Q", code, at + 32)
    name = code[at + 56:code.index(b"\0", at + 56)].decode()
    assert kind == 0 and size == 56 + len(name) + 1 + length
    loads.append((f"{address:x}", f"{length:x}", name))
    at += size
assert loads == [tuple(line) for line in lines]

bad = subprocess.run([menura, "run", "--profile", "/nowhere/out.html", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
assert bad.returncode == 125 and b"--profile /nowhere/out.html: No such file" in bad.stderr, bad
