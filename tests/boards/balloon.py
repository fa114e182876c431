#!/usr/bin/env python3
"""Commands to a running machine, typed behind Ctrl-A c: a balloon takes memory from Linux, gives it to the host, and gives it back.
  usage: balloon.py MENURA GUEST WORK-FOLDER
Without a kernel and a BusyBox the test is skipped (status 77) and says so."""
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import time

from guests import CONSOLES, PATIENCE, ROOT, check, failures, fetch

menura, guest, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])

shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
kernel, busybox = fetch("fetch_debian_kernel", guest), fetch("fetch_busybox", guest)
# Fills 300 MiB of its memory once, so that the host has given it; then waits for what the balloon does.
(work / "script").write_text("""
free() { awk '/MemFree/ { print int($2 / 1024) }' /proc/meminfo; }
dd if=/dev/zero of=/tmp/file bs=1M count=300 2>/dev/null
rm /tmp/file
mount -t tmpfs none /mnt && dd if=/dev/zero of=/mnt/file bs=1M count=200 2>/dev/null && rm /mnt/file
echo said filled
while [ $(free) -gt 120 ]; do sleep 0.1; done
echo said small
while [ $(free) -lt 250 ]; do sleep 0.1; done
echo said large
sleep 1000
""")
modules = []
for module in ("virtio_mmio", "virtio_balloon"):
    modules += ["--module", module]
subprocess.run([ROOT / "tools/guests/initrd", "--guest", guest, "--output", work / "initrd.gz", "--busybox", busybox, "--modules", kernel / "modules",
                *modules, "--script", work / "script"], check=True)
machine = subprocess.Popen([menura, "boot", "--kernel", kernel / "Image", "--initrd", work / "initrd.gz", "--memory", "512M", "--append",
                            f"console={CONSOLES[guest]} quiet panic=-1", "--device", "virtio-balloon-device"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
seen = b""


def wait_for(pattern):
    """What the pattern has found; what was before it is gone."""
    global seen
    end = time.monotonic() + PATIENCE
    while not (found := re.search(pattern, seen)):
        ready, _, _ = select.select([machine.stdout], [], [], max(0, end - time.monotonic()))
        data = os.read(machine.stdout.fileno(), 65536) if ready else b""
        if not data:
            check(f"{pattern} is printed", False)
            raise TimeoutError(seen[-1000:].decode(errors="replace"))
        seen += data
    seen = seen[found.end():]
    return found


def type_in(text):
    machine.stdin.write(text)
    machine.stdin.flush()


def resident():
    """MiB of the host's memory."""
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{machine.pid}/status").read_text())[1]) >> 10


def actual():
    type_in(b"info balloon\n")
    return int(wait_for(rb"balloon: actual=(\d+)")[1])


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


try:
    wait_for(rb"said filled")
    before = resident()
    type_in(b"\x01c")
    wait_for(rb"\(menura\) ")
    type_in(b"help\n")
    wait_for(rb"balloon <size> -- .*\n(.*\n)*quit -- ")
    type_in(b"nonsense\n")
    wait_for(rb"'nonsense' is not known")
    type_in(b"balloon 600M\n")
    wait_for(rb"'600M' cannot be .* up to 512M")
    check("nothing is asked for at first", actual() == 512)
    type_in(b"balloon 128M\n")
    wait_for(rb"said small")
    check("the guest keeps 128 MiB", until(lambda: actual() == 128))
    check(f"the host has the memory ({before} MiB, then {resident()})", until(lambda: resident() < before - 150))
    type_in(b"balloon 512\n")
    wait_for(rb"said large")
    check("the guest has all again", until(lambda: actual() == 512))
    # An empty line goes back to the guest; commands work anew behind the next Ctrl-A c.
    type_in(b"\n\x01cquit\n")
    check("quit", machine.wait(PATIENCE) == 0)
except (BrokenPipeError, TimeoutError, subprocess.TimeoutExpired) as error:
    check(repr(error), False)
finally:
    machine.kill()
    machine.wait()
sys.exit(1 if failures else 0)
