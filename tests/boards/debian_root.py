#!/usr/bin/env python3
"""A Debian root file system on a virtio disk, by hand: made by debootstrap, whose second stage runs in the machine, then booted to a login
with systemd, where a package is installed over the network; it powers off, and its file system must be clean.
usage: debian_root.py MENURA [WORK-FOLDER]      (default: ~/.cache/menura/guests/debian-root)

Needs root (debootstrap makes device nodes), the packages debootstrap and e2fsprogs, the network, and a quarter of an hour the first time;
the disk after the second stage is kept in the folder."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools/guests"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = "systemd,systemd-sysv,udev,iproute2,login,kmod"
MODULES = ("virtio_mmio", "virtio_blk", "virtio_net", "virtio_rng", "crc32c_generic", "ext4", "rtc-pl031")
PASSWORD = "menura"

# Runs as the first process: mounts the disk and goes on there.
COMMON = """#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t sysfs sys /sys; $B mount -t devtmpfs dev /dev
while read module; do $B insmod $module; done < /modules/order
$B mount -t ext4 /dev/vda /mnt
for place in dev proc sys; do $B mount --move /$place /mnt/$place; done
"""
SECOND_STAGE = COMMON + f"""
$B chroot /mnt /bin/sh -c 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
/debootstrap/debootstrap --second-stage && echo root:{PASSWORD} | chpasswd && echo menura > /etc/hostname && echo "second stage: done"'
$B sync
$B umount /mnt/dev /mnt/proc /mnt/sys /mnt
$B poweroff -f
"""
SWITCH = COMMON + "exec $B switch_root /mnt /sbin/init\n"


def fail(message):
    sys.exit(f"debian_root.py: {message}")


def fetched(function):
    script = f'. "{TOOLS}/kernels.sh"; {function} arm64'
    return subprocess.run(["bash", "-c", script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Guest:
    """A machine whose console is read and typed at."""

    def __init__(self, menura, kernel, initrd, disk, log):
        self.log = open(log, "wb")
        self.seen = b""
        self.process = subprocess.Popen(
            [menura, "boot", "--kernel", f"{kernel}/Image", "--initrd", initrd, "--memory", "1G", "--append", "console=ttyAMA0",
             "--drive", f"file={disk},format=raw", "--net", "user"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def wait_for(self, text):
        while text.encode() not in self.seen:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                fail(f"the machine has ended before it printed {text!r}; see {self.log.name}")
            self.log.write(data)
            self.log.flush()
            self.seen += data
        self.seen = self.seen.split(text.encode(), 1)[1]

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def run(self, command):
        # What is typed comes back, too: the mark is put together by the shell.
        self.type(f"{command}; echo status''=$?")
        self.wait_for("status=")
        while b"\n" not in self.seen:
            self.seen += os.read(self.process.stdout.fileno(), 65536)
        if not self.seen.lstrip().startswith(b"0"):
            fail(f"{command!r} failed in the guest; see {self.log.name}")

    def ends(self):
        for data in iter(lambda: os.read(self.process.stdout.fileno(), 65536), b""):
            self.log.write(data)
        if self.process.wait() != 0:
            fail(f"status {self.process.returncode}; see {self.log.name}")


def initrd(work, name, script, kernel, busybox):
    init = work / f"{name}.init"
    init.write_text(script)
    output = work / f"{name}.gz"
    modules = [word for module in MODULES for word in ("--module", module)]
    subprocess.run([TOOLS / "initrd", "--guest", "arm64", "--init", init, "--busybox", busybox, "--modules", f"{kernel}/modules", *modules,
                    "--output", output], check=True)
    return output


def make_disk(menura, work, kernel, busybox):
    disk = work / "installed.img"
    if disk.exists():
        return disk
    for tool in ("debootstrap", "mke2fs"):
        if not shutil.which(tool):
            fail(f"{tool} is missing: apt-get install debootstrap e2fsprogs")
    if os.getuid() != 0:
        fail("only root can make the device nodes of a root file system")
    tree = work / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["debootstrap", "--arch=arm64", "--foreign", "--variant=minbase", f"--include={PACKAGES}", "bookworm", tree, MIRROR],
                   check=True)
    new = work / "installing.img"
    new.unlink(missing_ok=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, new, "3G"], check=True)
    shutil.rmtree(tree)
    began = time.monotonic()
    guest = Guest(menura, kernel, initrd(work, "second-stage", SECOND_STAGE, kernel, busybox), new, work / "second-stage.log")
    guest.wait_for("second stage: done")
    guest.ends()
    print(f"debootstrap's second stage in the machine: {time.monotonic() - began:.0f} s")
    new.rename(disk)
    return disk


def main():
    if len(sys.argv) not in (2, 3):
        fail("usage: debian_root.py MENURA [WORK-FOLDER]")
    menura = sys.argv[1]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    work = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else cache / "menura/guests/debian-root"
    work.mkdir(parents=True, exist_ok=True)
    kernel, busybox = fetched("fetch_kernel"), fetched("fetch_busybox")
    disk = work / "disk.img"
    subprocess.run(["cp", "--sparse=always", make_disk(menura, work, kernel, busybox), disk], check=True)

    began = time.monotonic()
    guest = Guest(menura, kernel, initrd(work, "systemd", SWITCH, kernel, busybox), disk, work / "systemd.log")
    guest.wait_for("login: ")
    print(f"login after {time.monotonic() - began:.1f} s")
    guest.type("root")
    guest.wait_for("Password: ")
    guest.type(PASSWORD)
    guest.wait_for("# ")
    guest.run("systemctl is-system-running --wait")
    guest.run("ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 && ip route add default via 10.0.2.2")
    guest.run("echo nameserver 10.0.2.3 > /etc/resolv.conf")
    guest.run(f"echo deb {MIRROR} bookworm main > /etc/apt/sources.list && apt-get -q update")
    guest.run("apt-get -q install -y hello && hello")
    print(f"a package installed after {time.monotonic() - began:.1f} s")
    guest.type("poweroff")
    guest.ends()
    print(f"powered off after {time.monotonic() - began:.1f} s")
    subprocess.run(["e2fsck", "-f", "-n", disk], check=True)


main()
