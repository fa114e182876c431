#!/usr/bin/env python3
"""Firmware of Debian's packages opensbi, u-boot-qemu and qemu-efi-aarch64 as a user starts it: what it prints, what can be typed, how it is left.
usage: firmware.py MENURA"""
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

menura = sys.argv[1]
failures = []
OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic"
UBOOT = "/usr/lib/u-boot"
PATIENCE = 300  # seconds; the host may be busy


def talk(name, options, steps, status=0):
    """steps: (what is waited for, what is typed then) in turn."""
    process = subprocess.Popen([menura, "boot", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    seen = b""
    problem = None
    end = time.monotonic() + PATIENCE
    try:
        for expected, typed in steps:
            while expected not in seen:
                ready, _, _ = select.select([process.stdout], [], [], max(0, end - time.monotonic()))
                data = os.read(process.stdout.fileno(), 65536) if ready else b""
                if not data:
                    problem = f"{expected} was not printed"
                    break
                seen += data
            if problem:
                break
            seen = seen[seen.index(expected) + len(expected):]
            process.stdin.write(typed)
            process.stdin.flush()
        if not problem:
            process.wait(timeout=PATIENCE)
            if process.returncode != status:
                problem = f"status {process.returncode}, expected {status}"
    except (BrokenPipeError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    finally:
        process.kill()
        process.wait()
    print(f"{'FAIL' if problem else 'ok  '} {name}{': ' + problem if problem else ''}")
    if problem:
        print(seen[-2000:].decode(errors="replace"))
        failures.append(name)


def on_terminal(name, end, status):
    """A terminal is raw while the machine runs, so that Ctrl-C reaches the guest, and as before when it has ended."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen([menura, "boot", "--board", "riscv64/virt"], stdin=theirs, stdout=theirs, stderr=theirs,
                               start_new_session=True)
    seen = b""
    limit = time.monotonic() + PATIENCE
    while b"OpenSBI v" not in seen and time.monotonic() < limit:
        if select.select([ours], [], [], 0.1)[0]:
            seen += os.read(ours, 65536)
    raw = not termios.tcgetattr(theirs)[3] & (termios.ICANON | termios.ISIG | termios.ECHO)
    end(process, ours)
    while process.poll() is None and time.monotonic() < limit:
        if select.select([ours], [], [], 0.1)[0]:
            os.read(ours, 65536)
    process.kill()
    process.wait()
    restored = termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
    good = raw and restored and process.returncode == status
    print(f"{'ok  ' if good else 'FAIL'} {name}: raw {raw}, restored {restored}, status {process.returncode}")
    if not good:
        failures.append(name)


QUIT = b"\x01x"
on_terminal("a terminal, left by Ctrl-A x", lambda process, terminal: os.write(terminal, b"\x03" + QUIT), 0)
on_terminal("a terminal, ended by a signal", lambda process, terminal: process.terminate(), -signal.SIGTERM)
talk("OpenSBI alone", ["--board", "riscv64/virt", "--smp", "2"],
     [(b"OpenSBI v", b""), (b"Platform HART Count       : 2", b""), (b"Boot HART ID", QUIT)])
talk("OpenSBI: the other firmware", ["-M", "virt", "-bios", f"{OPENSBI}/fw_jump.elf", "-nographic"],
     [(b"Domain0 Next Address      : 0x0000000080200000", QUIT)])
talk("Ctrl-A h", ["--board", "riscv64/virt"], [(b"OpenSBI v", b"\x01h"), (b"quit Menura", QUIT)])
talk("U-Boot in machine mode", ["-M", "riscv64/virt", "-bios", f"{UBOOT}/qemu-riscv64/u-boot.bin"],
     [(b"Hit any key", b" "), (b"=> ", b"echo $fdt_addr is; printenv arch\r"), (b"arch=riscv", b""), (b"=> ", QUIT)])
talk("U-Boot behind OpenSBI, resets and powers off", ["-kernel", f"{UBOOT}/qemu-riscv64_smode/uboot.elf", "-m", "256"],
     [(b"OpenSBI v", b""), (b"Hit any key", b" "), (b"=> ", b"reset\r"), (b"OpenSBI v", b""), (b"Hit any key", b" "),
      (b"=> ", b"poweroff\r")])
talk("a reset that powers off", ["-kernel", f"{UBOOT}/qemu-riscv64_smode/uboot.elf", "-no-reboot"],
     [(b"Hit any key", b" "), (b"=> ", b"reset\r")])
ARM_UBOOT = ["-M", "arm64/virt", "-bios", f"{UBOOT}/qemu_arm64/u-boot.bin"]
talk("U-Boot on Arm", [*ARM_UBOOT, "-smp", "2"],
     [(b"Flash: 64 MiB", b""), (b"Hit any key", b" "), (b"=> ", b"flinfo; psci version; printenv arch\r"), (b"arch=arm", b""),
      (b"=> ", b"poweroff\r")])
EDK2 = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
if os.path.exists(EDK2):
    # What is kept in flash is there the next time: U-Boot's environment, a variable of UEFI's.
    with tempfile.TemporaryDirectory() as folder:
        code, variables = os.path.join(folder, "code"), os.path.join(folder, "variables")
        for path, content in ((code, EDK2), (variables, os.devnull)):
            shutil.copyfile(content, path)
            os.truncate(path, 64 << 20)
        flash = ["-drive", f"if=pflash,format=raw,file={variables},unit=1"]
        talk("U-Boot keeps its environment", [*ARM_UBOOT, *flash],
             [(b"Hit any key", b" "), (b"=> ", b"setenv bird lyre; saveenv\r"), (b"Writing to Flash", b""), (b"OK", b""),
              (b"=> ", QUIT)])
        talk("and finds it", [*ARM_UBOOT, *flash],
             [(b"Environment from Flash... OK", b""), (b"Hit any key", b" "), (b"=> ", b"echo it is ${bird}\r"),
              (b"it is lyre", QUIT)])
        os.truncate(variables, 0)
        os.truncate(variables, 64 << 20)
        uefi = ["-M", "arm64/virt", "-drive", f"if=pflash,format=raw,file={code},readonly=on", *flash, "-m", "512"]
        talk("edk2 keeps variables", uefi,
             [(b"to skip", b"\x1b"), (b"Shell> ", b"setvar bird -guid 6c797265-6269-7264-6d65-6e7572610000 -nv -bs =0x6c797265\r"),
              (b"Shell> ", b"reset -s\r")])
        talk("and finds them", uefi,
             [(b"to skip", b"\x1b"), (b"Shell> ", b"setvar bird -guid 6c797265-6269-7264-6d65-6e7572610000\r"), (b"65 72 79 6C", QUIT)])
else:
    print(f"skipped: {EDK2} is not there (package qemu-efi-aarch64)")
if failures:
    sys.exit(f"{len(failures)} failed")
