#!/usr/bin/env python3
"""Machines that cannot be: one message before the guest starts, that says what is wrong, and the right exit code.
usage: bad_input.py MENURA"""
import gzip
import os
import struct
import subprocess
import sys
import tempfile

menura = sys.argv[1]
failures = []


def run(name, arguments, code, *words):
    done = subprocess.run([menura, *arguments], capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    problems = []
    if done.returncode != code:
        problems.append(f"exit code {done.returncode}, expected {code}")
    if not done.stderr.startswith("menura: ") or len(done.stderr.strip().split("\n")) != 1:
        problems.append("not one line of Menura's")
    if done.stdout:
        problems.append("the guest has started")
    problems += [f"'{word}' is not mentioned" for word in words if word not in done.stderr]
    print(f"{'FAIL' if problems else 'ok  '} {name}: {done.stderr.strip()}")
    failures.extend(f"{name}: {problem}" for problem in problems)


def image(magic):
    """Linux' Image header: text_offset, image_size, flags; the magic at 56."""
    return struct.pack("<IIQQQ", 0x6f, 0, 0x200000, 0x100000, 0) + b"\0" * 24 + magic + b"\0" * 4


with tempfile.TemporaryDirectory() as folder:
    def file(name, data):
        path = os.path.join(folder, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    riscv = file("Image", image(b"RSC\x05"))
    arm = file("Image.arm64", image(b"ARM\x64"))
    raw = file("raw", b"\x6f\0\0\0")
    huge = os.path.join(folder, "huge")
    with open(huge, "wb") as out:
        out.truncate(600 << 20)

    run("no kernel at all", ["boot"], 125, "--kernel")
    run("kernel that is not there", ["boot", "--kernel", "/no/such/Image"], 127, "/no/such/Image")
    run("folder as kernel", ["boot", "--board", "riscv64/virt", "--kernel", folder], 126, "regular file")
    run("empty kernel", ["boot", "--board", "riscv64/virt", "--kernel", file("empty", b"")], 126, "empty")
    run("raw kernel says no guest", ["boot", "--kernel", raw], 125, "--board")
    run("kernel of another guest", ["boot", "--board", "riscv64/virt", "--kernel", arm], 126, "arm64", "riscv64")
    run("x86 kernel", ["boot", "--board", "riscv64/virt", "--kernel", file("bzImage", b"\0" * 0x202 + b"HdrS" + b"\0" * 99)],
        126, "x86")
    run("x86 program", ["boot", "--board", "riscv64/virt", "--kernel", "/bin/true"], 126, "another machine")
    run("damaged gzip", ["boot", "--kernel", file("Image.gz", gzip.compress(image(b"RSC\x05"))[:-9])], 126, "gzip -t")
    run("kernel larger than memory", ["boot", "--board", "riscv64/virt", "--kernel", huge], 126, "--memory")
    run("memory too small for the kernel", ["boot", "--kernel", riscv, "--memory", "2M"], 126, "--memory")
    run("initrd that is not there", ["boot", "--kernel", riscv, "--initrd", "/no/such/initrd"], 127, "/no/such/initrd")
    run("initrd beyond RAM", ["boot", "--kernel", riscv, "--initrd", huge], 126, "--memory")
    run("initrd that fits no more", ["boot", "--kernel", riscv, "--initrd", huge, "--memory", "601M"], 126, "initrd", "--memory")
    run("initrd without kernel", ["boot", "--board", "riscv64/virt", "--initrd", raw], 125, "--kernel")
    run("no device tree", ["boot", "--kernel", riscv, "--dtb", raw], 126, "device tree")
    run("firmware of another guest", ["boot", "--kernel", riscv, "--bios", "/bin/true"], 126, "another machine")
    run("nothing to start", ["boot", "--board", "riscv64/virt", "--bios", "none"], 125, "--kernel")
    run("no CPUs", ["boot", "--kernel", riscv, "--smp", "0"], 125, "--smp")
    run("too many CPUs", ["boot", "--kernel", riscv, "--smp", "99"], 125, "--smp", "16")
    run("CPUs that are no number", ["boot", "--kernel", riscv, "--smp", "many"], 125, "--smp")
    run("too much memory", ["boot", "--kernel", riscv, "--memory", "9999G"], 125, "--memory")
    run("memory that is no size", ["boot", "--kernel", riscv, "--memory", "much"], 125, "512M")
    run("unknown CPU", ["boot", "--kernel", riscv, "--cpu", "z80"], 125, "z80")
    run("CPU without supervisor mode", ["boot", "--kernel", riscv, "--cpu", "rv64i"], 125, "rv64i")
    run("unknown board", ["boot", "--kernel", riscv, "--board", "toaster"], 125, "toaster", "virt")
    run("unknown option", ["boot", "--kernle", riscv], 125, "--help")
    run("unknown log", ["boot", "--kernel", riscv, "-d", "everything"], 125, "guest_errors")
    run("unknown serial port", ["boot", "--kernel", riscv, "--serial", "pigeon"], 125, "stdio")
    run("the terminal for two serial ports", ["boot", "--kernel", riscv, "--serial", "stdio", "--serial", "stdio"], 125, "twice")
    run("frozen for ever", ["boot", "--kernel", riscv, "-S"], 125, "--gdb")
    run("unknown engine", ["boot", "--kernel", riscv, "--engine", "steam"], 125, "x64")
    run("disk that is not there", ["boot", "--kernel", riscv, "--drive", "/no/such/disk"], 125, "/no/such/disk", "truncate")
    run("disk of another format", ["boot", "--kernel", riscv, "--drive", file("disk", b"QFI\xfb" + b"\0" * 508)], 125, "qcow2", "raw")
    run("format that cannot be read", ["boot", "--kernel", riscv, "--drive", f"file={raw},format=qcow2"], 125, "raw")
    run("one disk twice", ["boot", "--kernel", riscv, "--drive", raw, "--drive", raw], 125, "in use", "readonly=on")
    run("disk without device", ["boot", "--kernel", riscv, "-drive", f"file={raw},if=none,id=a"], 125, "drive=")
    run("device without disk", ["boot", "--kernel", riscv, "-device", "virtio-blk-device,drive=a"], 125, "id=a")
    run("unknown property of the board", ["boot", "-M", "virt,gic-version=7", "--bios", raw], 125, "gic-version=7", "gic-version=3")
    arm = ["boot", "-M", "arm64/virt"]
    run("two firmwares", [*arm, "--bios", raw, "--drive", f"if=pflash,file={raw}"], 125, "one of them")
    run("firmware larger than flash", [*arm, "--memory", "1G", "--bios", huge], 126, "64 MiB")
    run("firmware that is a program", [*arm, "--bios", "/bin/true"], 126, "another machine")
    run("more flash than there is", [*arm, "--drive", f"if=pflash,unit=2,file={raw}"], 125, "unit=2")
    run("a file larger than flash", [*arm, "--drive", f"if=pflash,file={huge}"], 125, "64 MiB")
    run("flash that is not there", [*arm, "-pflash", "/no/such/flash"], 125, "/no/such/flash")
    run("flash twice", [*arm, "--drive", f"if=pflash,unit=1,file={raw}", "--drive", f"if=pflash,unit=1,file={raw}"], 125, "unit=1")
    run("unknown property", ["boot", "--kernel", riscv, "--drive", f"file={raw},speed=fast"], 125, "speed", "readonly")
    run("no network", ["boot", "--kernel", riscv, "--net", "carrier-pigeon"], 125, "user")
    run("bad forwarding", ["boot", "--kernel", riscv, "--net", "user,hostfwd=tcp:22"], 125, "tcp::2222-:22")
    run("no port", ["boot", "--kernel", riscv, "--net", "user,hostfwd=tcp::99999-:22"], 125, "99999")
    run("no tap", ["boot", "--kernel", riscv, "--net", "tap,ifname=no-such-tap/0"], 125, "no-such-tap/0", "tuntap")
    run("card without network", ["boot", "--kernel", riscv, "-device", "virtio-net-device,netdev=n"], 125, "id=n")
    run("folder that is not there", ["boot", "--kernel", riscv, "--share", "/no/such/folder"], 125, "/no/such/folder")
    run("device without its folder", ["boot", "--kernel", riscv, "-device", "virtio-9p-device,fsdev=f,mount_tag=x"], 125, "-fsdev", "id=f")
    run("folder without a path", ["boot", "--kernel", riscv, "-fsdev", "local,id=f"], 125, "path=PATH")
    run("object that cannot be", ["boot", "--kernel", riscv, "-object", "iothread,id=i"], 125, "rng-random")
    # What users of QEMU type and cannot have: each is told what there is.
    for options, words in (
            ("-monitor unix:/tmp/monitor,server,nowait", ["Ctrl-A c", "-monitor stdio"]),
            ("-qmp stdio", ["-monitor stdio"]),
            ("-mon chardev=c", ["-chardev", "id"]),
            ("-chardev ringbuf,id=c", ["stdio", "socket"]),
            ("-chardev socket,id=c,path=/tmp/c", ["server=on"]),
            ("-serial chardev:c", ["-chardev"]),
            ("-device virtconsole,chardev=c", ["-chardev", "id=c"]),
            ("-device virtserialport,chardev=c", ["virtconsole"]),
            ("-chardev stdio,id=c -serial stdio -device virtconsole,chardev=c", ["twice"]),
            ("-daemonize -serial stdio", ["--serial file:PATH"]),
            ("-pidfile /no/such/pid", ["/no/such/pid"]),
            ("-display gtk", ["--serial", "none"]),
            ("-vga std", ["screen", "none"]),
            ("-vnc :1", ["screen", "none"]),
            ("-device virtio-gpu-pci", ["screen"]),
            ("-device usb-kbd", ["keyboard"]),
            ("-device qemu-xhci", ["virtio"]),
            ("-device e1000,netdev=n", ["virtio-net-device", "--net user"]),
            ("-device nvme,drive=d", ["virtio-blk-device", "--drive"]),
            ("-device virtio-scsi-device", ["virtio-blk-device"]),
            ("-net nic,model=virtio", ["--net user"]),
            ("-net nic,model=rtl8139 -net user", ["virtio"]),
            ("-enable-kvm", ["tcg"]),
            ("-accel kvm", ["tcg"]),
            ("-machine virt,accel=kvm", ["tcg"]),
            ("-machine virt,usb=on", ["usb=on"]),
            ("-icount shift=auto", ["--count-instructions"]),
            ("-no-shutdown", ["--gdb"]),
            ("-snapshot", ["cp --reflink", "readonly=on"]),
            ("-blockdev raw", ["--drive"]),
            ("-rtc base=localtime", ["base=utc"]),
            ("-uuid bird", ["12345678-1234-1234-1234-123456789abc"]),
            ("-usb", ["virtio"]),
            ("-L /usr/share/qemu", ["--bios PATH"]),
            ("-cpu max,vlen=256", ["vlen=256", "on or off"]),
            ("-cpu max,warp=on", ["warp"]),
            ("-smp cpus=2,hearts=1", ["hearts", "sockets"]),
            ("-smp sockets=0", ["--smp"]),
            ("-fw_cfg name=opt/x", ["file=PATH", "string=TEXT"]),
            ("-fw_cfg string=x", ["name="]),
            ("-fw_cfg name=x,string=1 -fw_cfg name=x,string=2", ["another"]),
            ("-fw_cfg name=" + "n" * 56 + ",string=1", ["55"]),
            ("-fw_cfg name=opt/x,file=/no/such/file", ["/no/such/file"]),
            ("-drive file=disk.qcow2,format=qcow2", ["qemu-img convert -O raw disk.qcow2"])):
        code = 127 if options.endswith("file=/no/such/file") else 125
        # What can be seen early is said early; a pidfile and files of fw_cfg are for machines that could run.
        kernel = ["-M", "riscv64/virt"] if "/no/such" in options else ["--kernel", riscv]
        if "-M" not in options and "-machine" not in options:
            run(options, ["boot", *kernel, *options.split()], code, *words)
        else:
            run(options, ["boot", "--kernel", riscv, *options.split()], code, *words)
    run("sockets nowhere", ["boot", "--kernel", riscv, "--vsock", "cid=3"], 125, "socket=PATH")
    run("the host's CID", ["boot", "--kernel", riscv, "--vsock", f"cid=2,socket={folder}/v"], 125, "cid=2", "3 to")
    run("socket where there is a file", ["boot", "--kernel", riscv, "--vsock", f"socket={raw}"], 125, raw)
    run("socket in no folder", ["boot", "--kernel", riscv, "--vsock", "socket=/no/such/v"], 125, "/no/such/v", "folder")
    run("sockets by the host's kernel", ["boot", "--kernel", riscv, "-device", "vhost-vsock-device,guest-cid=5"], 125, "--vsock cid=5,socket=PATH")
    run("unknown device", ["boot", "--kernel", riscv, "-device", "toaster"], 125, "toaster", "virtio-blk")
    run("more disks than places", ["boot", "--kernel", riscv] + ["--device", "virtio-rng-device"] * 9, 125, "8")
    run("list of what there is not", ["list", "devices", "toaster"], 125, "toaster")
if failures:
    sys.exit("\n".join(failures))
