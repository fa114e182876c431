#!/usr/bin/env python3
"""Command lines as users of QEMU type them: those that are to work are taken by QEMU 7.2 and by `menura boot` alike, and do what they say;
the others are refused in one line that says what to use.
usage: qemu_options.py MENURA"""
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

menura = sys.argv[1]
PATIENCE = 300  # seconds; the host may be busy
failures = []
QEMU = {"riscv64": "qemu-system-riscv64", "arm64": "qemu-system-aarch64"}
BOTH = """
-m size=512M -smp cpus=2,sockets=1 -nographic
-m 512M -smp 4,sockets=2,cores=2,threads=1 -display none -vga none
-smp sockets=2,cores=2 -m 1G -nodefaults -no-user-config
-accel tcg,thread=multi -name guest=bird,debug-threads=on -uuid 6c797265-6269-7264-6d65-6e7572610000
-no-reboot -rtc base=utc,clock=host -k en-us -boot order=c
-monitor none -serial mon:stdio -parallel none
-monitor stdio -serial file:FOLDER/serial -display none
-serial null -monitor null -D FOLDER/log -d guest_errors,unimp
-chardev file,id=c,path=FOLDER/serial -serial chardev:c
-chardev stdio,id=c,mux=on,signal=off -mon chardev=c,mode=readline -serial chardev:c
-nodefaults -device virtio-serial-device -chardev stdio,id=c -device virtconsole,chardev=c
-device virtio-serial-device -chardev null,id=c -device virtconsole,chardev=c,name=org.example.c
-chardev socket,id=c,path=FOLDER/socket,server=on,wait=off -serial chardev:c
-drive file=FOLDER/disk,format=raw,if=virtio -netdev user,id=n0 -device virtio-net-device,netdev=n0
-drive file=FOLDER/disk,format=raw,if=none,id=d,cache=none -device virtio-blk-device,drive=d,serial=abc
-drive if=none,id=d,file=FOLDER/disk,format=raw,readonly=on -device virtio-blk-pci,drive=d,bus=pcie.0,addr=3
-drive file=FOLDER/a,,b,format=raw,if=none,id=d -device virtio-blk-device,drive=d
-drive if=none,media=cdrom,file=FOLDER/disk,format=raw,id=d -device virtio-blk-device,drive=d
-net nic,model=virtio-net-pci,macaddr=52:54:00:11:22:34 -net user
-nic user,model=virtio-net-pci,mac=52:54:00:11:22:33
-netdev user,id=n,hostfwd=tcp:127.0.0.1:PORT-:22 -device virtio-net-pci,netdev=n,romfile= -nic none
-object rng-random,filename=/dev/urandom,id=r -device virtio-rng-pci,rng=r -device virtio-balloon-device
-pidfile FOLDER/pid -S -gdb tcp::PORT
"""
LINES = {
    "riscv64": BOTH + """
-cpu rv64,zbb=on -machine virt,accel=tcg,usb=off,dump-guest-core=off
-M virt,aclint=off
""",
    "arm64": BOTH + """
-cpu max,pauth-impdef=on -machine virt,accel=tcg,gic-version=3,acpi=off,highmem=off,its=off,iommu=none
-cpu cortex-a57 -m 256
-cpu cortex-a53 -machine gic-version=2,type=virt,mem-merge=on
-hda FOLDER/disk
-cdrom FOLDER/disk -no-acpi
-fw_cfg name=opt/org.example/text,string=lyre -fw_cfg opt/org.example/file,file=FOLDER/a,,b
"""}


def fail(name, problem):
    failures.append(name)
    print(f"FAIL {name}: {problem}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def taken(guest, line, folder):
    """Up to the device tree: then everything is open, and nothing has started."""
    for program in (QEMU[guest], menura):
        words = shlex.split(line.replace("FOLDER", folder).replace("PORT", str(free_port())))
        tree = f"{folder}/tree"
        board = "virt" if program == QEMU[guest] else f"{guest}/virt"
        machine = next((i + 1 for i, word in enumerate(words) if word in ("-machine", "-M")), None)
        if machine is None:
            words += ["-M", f"{board},dumpdtb={tree}"]
        else:
            words[machine] = words[machine].replace("virt", board, 1) + f",dumpdtb={tree}"
        if program == menura:
            words.insert(0, "boot")
        elif "-display" not in words and "-nographic" not in words:
            words += ["-display", "none"]
        if os.path.exists(tree):
            os.unlink(tree)
        done = subprocess.run([program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0 or not os.path.exists(tree):
            fail(f"{guest}: {line}", f"{os.path.basename(program)} says {done.stderr.strip()}")


def starts(name, options, until, status=0):
    """OpenSBI runs until `until`, which is given the process, is done with it."""
    process = subprocess.Popen([menura, "boot", "-M", "riscv64/virt", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, bufsize=0)
    try:
        until(process)
        out, err = process.communicate(timeout=PATIENCE)
        if process.returncode != status:
            fail(name, f"status {process.returncode}, {out} {err}")
    except (AssertionError, BrokenPipeError, subprocess.TimeoutExpired) as error:
        fail(name, repr(error))
    finally:
        process.kill()
        process.wait()


def read_until(process, expected):
    seen, end = b"", time.monotonic() + PATIENCE
    while expected not in seen:
        ready, _, _ = select.select([process.stdout], [], [], max(0, end - time.monotonic()))
        data = os.read(process.stdout.fileno(), 65536) if ready else b""
        assert data, f"{expected} was not printed, but {seen[-300:]}"
        seen += data
    return seen


def wait_for_text(path, expected):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if os.path.exists(path):
            with open(path, "rb") as file:
                if expected in file.read():
                    return
        time.sleep(0.05)
    raise AssertionError(f"{expected} is not in {path}")


with tempfile.TemporaryDirectory() as work:
    for name in ("disk", "a,b"):
        with open(os.path.join(work, name), "wb") as file:
            file.write(bytes(1 << 20))
    for guest, lines in LINES.items():
        for line in lines.strip().splitlines():
            taken(guest, line, work)

    def monitor(process):
        wait_for_text(work + "/serial", b"OpenSBI v")
        assert b"OpenSBI" not in read_until(process, b"(menura) ")
        process.stdin.write(b"\ninfo mtree\n")
        assert b"OpenSBI" not in read_until(process, b"ns16550a")
        process.stdin.write(b"quit\n")
    starts("the terminal for commands, the console in a file", ["-monitor", "stdio", "-serial", f"file:{work}/serial"], monitor)

    def console(process):
        read_until(process, b"OpenSBI v")
        process.stdin.write(b"\x01cquit\n")
    starts("the terminal for both", ["-chardev", "stdio,id=c,mux=on", "-mon", "chardev=c", "-serial", "chardev:c"], console)

    # The serial port has no terminal where a console has it.
    def other_console(process):
        wait_for_text(work + "/pid", b"\n")
        with open(work + "/pid") as file:
            assert int(file.read()) == process.pid
        process.stdin.write(b"\x01x")
    starts("the terminal for virtio's console", ["-chardev", "stdio,id=c", "-device", "virtconsole,chardev=c", "-pidfile", work + "/pid"],
           other_console)
    if os.path.exists(work + "/pid"):
        fail("the pidfile", "it is still there")

    # The command ends when the machine runs, which goes on without it.
    background = ["boot", "-M", "riscv64/virt", "-serial", f"file:{work}/background", "-daemonize", "-pidfile", work + "/pid"]
    done = subprocess.run([menura, *background], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    if (done.returncode, done.stdout, done.stderr) != (0, b"", b""):
        fail("-daemonize", done)
    else:
        with open(work + "/pid") as file:
            pid = int(file.read())
        try:
            wait_for_text(work + "/background", b"OpenSBI v")
        except AssertionError as error:
            fail("-daemonize", error)
        again = subprocess.run([menura, *background], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        if again.returncode != 125 or "another process" not in again.stderr:
            fail("two machines with one pidfile", again)
        os.kill(pid, signal.SIGTERM)
    failed = subprocess.run([menura, *background, "-kernel", work + "/none"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=PATIENCE)
    if failed.returncode != 127 or not re.fullmatch("menura: .*none.*\n", failed.stderr):
        fail("what fails in the background is said in front", failed)
if failures:
    sys.exit(f"{len(failures)} failed")
print("all taken")
