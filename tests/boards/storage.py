#!/usr/bin/env python3
"""Disks and shared folders as Linux uses them, with QEMU's spellings: direct I/O on two drives at once, discards and fstrim that make the
host's files smaller, thousands of files held open, names of all kinds, holes, links, rights, extended attributes; at last a kill -9, after which the disk has what
the guest has flushed. What the guest says and what the host has is compared with what must be.
  usage: storage.py MENURA GUEST WORK-FOLDER
Without a kernel and a BusyBox the test is skipped (status 77) and says so."""
import hashlib
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

from guests import COMPILERS, CONSOLES, HERE, PATIENCE, ROOT, check, failures, fetch

FILES = 1500  # more than a shell lets a program open at first
HUGE = 5 << 30
menura, guest, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])


def sha(data):
    return hashlib.sha256(data).hexdigest() + " -"


shutil.rmtree(work, ignore_errors=True)
share = work / "share"
(share / "many").mkdir(parents=True)
(share / "odd").mkdir()
kernel, busybox = fetch("fetch_debian_kernel", guest), fetch("fetch_busybox", guest)
content = random.Random(1).randbytes(16 << 20)
(work / "a.img").write_bytes(content)
(work / "named").write_bytes(content[:10000])
for name in ("b.img", "killed.img"):
    with open(work / name, "wb") as file:
        file.truncate(64 << 20)
with open(work / "ext4.img", "wb") as file:
    file.truncate(96 << 20)
subprocess.run(["mkfs.ext4", "-q", "-F", work / "ext4.img"], check=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
for i in range(FILES):
    (share / f"many/{i:05}").write_text(f"{i}\n")
ODD = [b"with space", "\u00fcml\u00e4ut \u65e5\u672c\u8a9e".encode(), b"tab\there", b"new\nline", b"-rf", b"*?[x]", b"'\"`$HOME", b"\xff\xfe bytes", b"a\\b", b".hidden",
       b"n" * 255]
for name in ODD:
    with open(os.fsencode(share / "odd") + b"/" + name, "wb") as file:
        file.write(name)
with open(share / "huge", "wb") as file:
    file.seek(HUGE)
    file.write(b"end")
# The same program on the guest's folder and on the host: both say the same, be it that there are no extended attributes.
attributes = []
if shutil.which(COMPILERS[guest]):
    for compiler, name in ((COMPILERS[guest], "attributes"), ("cc", "attributes-here")):
        subprocess.run([compiler, "-O2", "-static", "-o", work / name, HERE / "attributes_guest.c"], check=True)
    for path in (share / "attributed", work / "attributed"):
        path.touch()
    here = subprocess.run([work / "attributes-here", work / "attributed"], stdout=subprocess.PIPE, check=True).stdout
    attributes = ["--file", f"{work}/attributes:attributes"]
(work / "script").write_text(f"""
say() {{ echo "said $*"; }}
read_all() {{ dd if=$1 bs=$2 iflag=direct 2>/dev/null | sha256sum; }}
say named $(cat /sys/firmware/qemu_fw_cfg/by_name/opt/org.example/text/raw) $(cat /sys/firmware/qemu_fw_cfg/by_name/opt/org.example/file/raw | sha256sum)
say sizes $(cat /sys/block/vd?/size)
say direct $(read_all /dev/vda 4k)
# Both drives at once, three ways.
(read_all /dev/vda 512 >/1)& (dd if=/dev/vda of=/dev/vdb bs=64k oflag=direct 2>/dev/null)& (dd if=/dev/vda of=/dev/vdb bs=16k seek=2048 conv=fsync 2>/dev/null)& wait
say at once $(cat /1)
sync; echo 3 >/proc/sys/vm/drop_caches
say first $(dd if=/dev/vdb bs=1M count=16 iflag=direct 2>/dev/null | sha256sum)
say second $(dd if=/dev/vdb bs=1M skip=32 count=16 2>/dev/null | sha256sum)
blkdiscard -o $((32 << 20)) -l $((16 << 20)) /dev/vdb && say discarded
echo 3 >/proc/sys/vm/drop_caches
say empty $(dd if=/dev/vdb bs=1M skip=32 count=16 2>/dev/null | sha256sum)
mount -t ext4 /dev/vdc /mnt && dd if=/dev/urandom of=/mnt/file bs=1M count=60 2>/dev/null && cp /script /mnt && sync && rm /mnt/file && sync
say trimmed $(fstrim -v /mnt | awk '{{ print ($2 > 60000000) }}')
umount /mnt
mkdir /f /g && mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 files /f && mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose again /g
say many $(ls /f/many | wc -l) $(cat /f/many/* | sha256sum)
# This way v9fs keeps a handle of each.
say held $(find /g/many -type f | wc -l) $(cat /g/many/* | sha256sum)
cp -r /f/odd /f/copied && say copied
say huge $(stat -c %s /f/huge) $(tail -c 3 /f/huge)
cd /f
mkdir -p d/e && echo inner >d/e/x && mv d d2 && say moved $(cat d2/e/x) && rm -r d2
[ -x /attributes ] && say attributes $(/attributes attributed | sha256sum) && rm attributed
rmdir many 2>/dev/null || say not empty
echo abc >rights && chmod 640 rights && say rights $(stat -c '%a %s' rights)
touch -d '2001-02-03 04:05:06' rights && say time $(stat -c %Y rights)
ln rights hard && ln -s rights soft && say links $(stat -c %h rights) $(readlink soft) $(cat soft)
(set -C; echo x >rights) 2>/dev/null || say exclusive
echo more >>rights && exec 5<>rights && rm rights hard && say unlinked $(cat <&5) && exec 5>&-
mkfifo fifo && (echo through >fifo & say fifo $(cat fifo))
truncate -s 1000000 cut && truncate -s 10 cut && say cut $(stat -c %s cut)
dd if=/dev/vda of=written bs=1M 2>/dev/null && sync
say read-only $(echo x 2>&1 >/g/many/new | grep -c 'Read-only\\|Permission')
cd /
dd if=/dev/vda of=/dev/vdd bs=256k count=64 seek=64 conv=fsync 2>/dev/null && say flushed
while :; do dd if=/dev/urandom of=/dev/vdd bs=64k count=64 2>/dev/null; done
""")
modules = []
for module in ("virtio_mmio", "virtio_blk", "9pnet_virtio", "9p", "ext4", "crc32c_generic", "virtio_rng", "qemu_fw_cfg"):
    modules += ["--module", module]
subprocess.run([ROOT / "tools/guests/initrd", "--guest", guest, "--output", work / "initrd.gz", "--busybox", busybox, "--modules", kernel / "modules",
                *modules, *attributes, "--script", work / "script"], check=True)


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


machine = subprocess.Popen(
    [menura, "boot", "-nodefaults", "-nographic", "-M", "virt", "-kernel", kernel / "Image", "-initrd", work / "initrd.gz", "-append",
     f"console={CONSOLES[guest]} quiet panic=-1", "-drive", f"if=none,id=a,format=raw,readonly=on,file={work}/a.img", "-device", "virtio-blk-device,drive=a",
     "-drive", f"if=none,id=b,format=raw,cache=none,aio=native,discard=unmap,file={work}/b.img", "-device", "virtio-blk-device,drive=b",
     "-drive", f"if=none,id=c,format=raw,cache=writethrough,file={work}/ext4.img", "-device", "virtio-blk-device,drive=c",
     "-drive", f"if=none,id=d,format=raw,file={work}/killed.img", "-device", "virtio-blk-device,drive=d",
     "-fsdev", f"local,id=f,path={share},security_model=none", "-device", "virtio-9p-device,fsdev=f,mount_tag=files",
     "-virtfs", f"local,path={share},mount_tag=again,security_model=none,readonly=on",
     "-fw_cfg", "name=opt/org.example/text,string=lyre", "-fw_cfg", f"name=opt/org.example/file,file={work}/named",
     "-object", "rng-random,id=r,filename=/dev/urandom", "-device", "virtio-rng-device,rng=r"],
    stdin=subprocess.DEVNULL, stdout=open(work / "output", "wb"), stderr=subprocess.STDOUT, preexec_fn=few_files)


def said():
    lines = (work / "output").read_text(errors="replace").replace("\r", "").splitlines()
    return [line[5:] for line in lines if line.startswith("said ")]


end = time.monotonic() + 2 * PATIENCE
while "flushed" not in said() and machine.poll() is None and time.monotonic() < end:
    time.sleep(0.1)
time.sleep(0.5)
check("it was running until it was killed", machine.poll() is None)
machine.send_signal(signal.SIGKILL)
machine.wait()

many = b"".join(f"{i}\n".encode() for i in range(FILES))
expected = [f"named lyre {sha(content[:10000])}", f"sizes {(16 << 20) // 512} {(64 << 20) // 512} {(96 << 20) // 512} {(64 << 20) // 512}", f"direct {sha(content)}", f"at once {sha(content)}",
            f"first {sha(content)}", f"second {sha(content)}", "discarded", f"empty {sha(bytes(16 << 20))}", "trimmed 1", f"many {FILES} {sha(many)}",
            f"held {FILES} {sha(many)}", "copied", f"huge {HUGE + 3} end", "moved inner", *([f"attributes {sha(here)}"] if attributes else []), "not empty", "rights 640 4", "time 981173106", "links 2 rights abc",
            "exclusive", "unlinked abc more", "fifo through", "cut 10", "read-only 1", "flushed"]
for line, must in zip(said() + ["nothing"] * len(expected), expected):
    check(f"said '{line}', expected '{must}'", line == must)


def room(name):
    return os.stat(work / name).st_blocks * 512


check("what was discarded takes no room", room("b.img") <= (17 << 20) and (work / "b.img").read_bytes()[:16 << 20] == content)
check("what was trimmed takes no room", room("ext4.img") < (30 << 20))
check("the drive that is read-only is as before", (work / "a.img").read_bytes() == content)
with open(work / "killed.img", "rb") as disk:
    disk.seek(16 << 20)
    check("what was flushed survives a kill", disk.read(16 << 20) == content)
copied = {name: pathlib.Path(os.fsdecode(os.fsencode(share / "copied") + b"/" + name)).read_bytes() for name in os.listdir(os.fsencode(share / "copied"))}
check("names of all kinds", copied == {name: name for name in ODD})
check("the file that was written", (share / "written").read_bytes() == content)
check("what is left in the folder", sorted(os.listdir(share)) == ["copied", "cut", "fifo", "huge", "many", "odd", "soft", "written"])
# Nobody holds the images any more.
again = subprocess.run([menura, "boot", "--board", f"{guest}/virt,dumpdtb=/dev/null", "--drive", work / "b.img"], capture_output=True, text=True)
check(f"the images' locks are gone {again.stderr}", again.returncode == 0)
if failures:
    print((work / "output").read_text(errors="replace")[-3000:])
    sys.exit(1)
shutil.rmtree(work)
print(f"{guest}: disks and folders work, and a kill loses nothing that was flushed")
