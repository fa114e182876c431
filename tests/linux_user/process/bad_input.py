#!/usr/bin/env python3
"""Files and options that cannot be run: one message that says what is wrong, and the right exit code.
usage: bad_input.py MENURA GUEST [DYNAMIC_GUEST]"""
import os
import struct
import subprocess
import sys
import tempfile

menura, guest, dynamic = sys.argv[1:4]
image = bytearray(open(guest, "rb").read())
failures = []


def run(name, arguments, code, *words, env=None):
    done = subprocess.run([menura, *arguments], capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                          env={**os.environ, **(env or {})})
    lines = done.stderr.strip().split("\n")
    problems = []
    if done.returncode not in (code if isinstance(code, tuple) else (code,)):
        problems.append(f"exit code {done.returncode}, expected {code}")
    if not lines[0].startswith("menura: "):
        problems.append("no message of Menura's")
    if len(lines) != 1 and arguments[:1] == ["run"]:
        problems.append("more than one line")
    for word in words:
        if word not in done.stderr:
            problems.append(f"'{word}' is not mentioned")
    print(f"{'FAIL' if problems else 'ok  '} {name}: {done.stderr.strip()}")
    failures.extend(f"{name}: {problem}" for problem in problems)


def patched(offset, form, *values):
    copy = bytearray(image)
    struct.pack_into(form, copy, offset, *values)
    return copy


def patched_twice(*changes):
    copy = bytearray(image)
    for offset, form, value in changes:
        struct.pack_into(form, copy, offset, value)
    return copy


def first_load():
    table, count = struct.unpack_from("<Q", image, 32)[0], struct.unpack_from("<H", image, 56)[0]
    return [table + i * 56 for i in range(count) if struct.unpack_from("<I", image, table + i * 56)[0] == 1]


loads = first_load()
cases = {
    "empty": (b"", 126, ["empty"]),
    "text": (b"just text\n", 126, ["not an ELF"]),
    "cut in the magic": (image[:3], 126, []),
    "cut in the header": (image[:40], 126, ["cut off"]),
    "cut behind the header": (image[:64], 126, ["outside the file"]),
    "cut in a segment": (image[:5000], 126, ["outside the file"]),
    "another machine": (patched(18, "<H", 62), 126, ["x86-64", "RISC-V", "AArch64"]),
    "an unknown machine": (patched(18, "<H", 0x1234), 126, ["4660"]),
    "32 bits": (patched(4, "B", 1), 126, ["32-bit"]),
    "32-bit Arm": (patched_twice((4, "B", 1), (18, "<H", 40)), 126, ["32-bit Arm", "qemu-arm-static"]),
    "big-endian": (patched(5, "B", 2), 126, ["big-endian"]),
    "an object file": (patched(16, "<H", 1), 126, ["linked"]),
    "no program headers": (patched(56, "<H", 0), 126, ["program headers"]),
    "program headers outside": (patched(32, "<Q", 1 << 40), 126, ["outside the file"]),
    "program headers of a wrong size": (patched(54, "<H", 32), 126, ["32 bytes"]),
    "overlapping segments": (patched(loads[1] + 16, "<Q", struct.unpack_from("<Q", image, loads[0] + 16)[0] +
                                     (struct.unpack_from("<Q", image, loads[1] + 8)[0] & 4095)), 126, ["overlap"]),
    "a huge segment": (patched(loads[1] + 40, "<Q", 1 << 60), 126, ["does not fit"]),
    "a segment too large for memory": (patched(loads[1] + 40, "<Q", 1 << 46), (125, 126), ["cannot map"]),
    "an odd alignment": (patched(loads[0] + 48, "<Q", 3), 126, ["power of two"]),
    "an unsupported ABI": (patched(48, "<I", 8), 126, ["RV64E"]),
}
with tempfile.TemporaryDirectory() as folder:
    for name, (content, code, words) in cases.items():
        path = os.path.join(folder, name.replace(" ", "_"))
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o755)
        run(name, ["run", path], code, path, *words)
    run("nothing there", ["run", os.path.join(folder, "nothing")], 127, "no such file")
    run("a directory", ["run", folder], 126, "directory")
    if os.geteuid() != 0:
        path = os.path.join(folder, "secret")
        open(path, "wb").write(image)
        os.chmod(path, 0)
        run("unreadable", ["run", path], 126, "not readable")
    script = os.path.join(folder, "script")
    open(script, "w").write("#!/no/such/interpreter\n")
    os.chmod(script, 0o755)
    run("a script without interpreter", ["run", script], 127, "/no/such/interpreter")
    empty = os.path.join(folder, "root")
    os.mkdir(empty)
    run("no interpreter", ["run", "-L", empty, dynamic], 127, "ld-linux-riscv64", "libc6-riscv64-cross", "-L")
    run("no interpreter, by environment", ["run", dynamic], 127, empty, env={"QEMU_LD_PREFIX": empty})

run("no command", [], 125, "menura run")
run("an unknown command", ["walk"], 125, "walk")
run("no program", ["run"], 125, "no program")
run("an unknown option", ["run", "--nonsense", guest], 125, "nonsense", "--help")
run("an unknown engine", ["run", "--engine", "steam", guest], 125, "steam", "x64")
run("an unknown dump", ["run", "-d", "everything", guest], 125, "everything", "in_asm")
run("an unknown CPU", ["run", "--cpu", "z80", guest], 125, "z80", "rv64")
run("an unknown extension", ["run", "-cpu", "rv64,+warp", guest], 125, "warp", "zbb")
run("a 32-bit CPU", ["run", "--cpu", "rv32", guest], 125, "32-bit")
run("a variable without value", ["run", "-E", "NAME", guest], 125, "NAME=value")
if failures:
    sys.exit("\n".join(failures))
