#!/usr/bin/env python3
"""Linux' own driver on the socket device: streams in both directions, megabytes both ways at once, whole messages, many at the same time, one that nobody
reads, ends of one direction, ports where nobody is. What arrives is compared with what was sent.
  usage: vsock.py MENURA GUEST WORK-FOLDER
Without a kernel, a BusyBox or a compiler for the guest the test is skipped (status 77) and says so."""
import hashlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import threading
import time

from guests import COMPILERS, CONSOLES, HERE, PATIENCE, ROOT, check, failures, fetch, skip

MANY = 40  # streams at once
SIZE = 6 << 20

menura, guest, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])


def connect(port):
    """A stream to the guest's port; None: nobody is there."""
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(PATIENCE)
    stream.connect(str(work / "v.sock"))
    stream.sendall(f"CONNECT {port}\n".encode())
    answer = b""
    while not answer.endswith(b"\n"):
        byte = stream.recv(1)
        if not byte:
            return None
        answer += byte
    check(f"the answer {answer}", answer.startswith(b"OK ") and answer[3:].strip().isdigit())
    return stream


def exchange(number, size, sums):
    """Sends and receives at the same time, through the guest's echo."""
    data = random.Random(number).randbytes(size)
    stream = connect(7)
    if stream is None:
        return

    def send():
        for at in range(0, size, 50000):
            stream.sendall(data[at : at + 50000])
        stream.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    back = bytearray()
    while piece := stream.recv(1 << 16):
        back += piece
    sender.join()
    stream.close()
    sums[number] = back == data


def serve(port, reply):
    """At the host's port: takes all that one client sends, then answers. A list that gets the checksum."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(work / f"v.sock_{port}"))
    listener.listen()
    got = []

    def run():
        stream = listener.accept()[0]
        stream.settimeout(PATIENCE)
        digest = hashlib.sha256()
        while piece := stream.recv(1 << 16):
            digest.update(piece)
        got.append(digest.hexdigest())
        stream.sendall(reply)
        stream.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return got, thread


def echo_messages(port):
    """At the host's port: one client's messages go back to it, whole."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(work / f"v.sock_{port}"))
    listener.listen()

    def run():
        client = listener.accept()[0]
        client.settimeout(PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)  # a message goes as a whole
        while message := client.recv(1 << 20):
            client.sendall(message)
        client.close()

    threading.Thread(target=run, daemon=True).start()


def talk_by_messages(port):
    """To the guest's port; whether all of many sizes come back as they were."""
    program = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program.settimeout(PATIENCE)
    program.connect(str(work / "v.sock_seqpacket"))
    program.send(f"CONNECT {port}\n".encode())
    good = program.recv(100).startswith(b"OK ")
    for size in (1, 5000, 70000, 200000, 3):
        message = random.Random(size).randbytes(size)
        program.send(message)
        good = good and program.recv(1 << 20) == message
    for size in range(1, 30):
        program.send(bytes(size))
    good = good and all(program.recv(1 << 20) == bytes(size) for size in range(1, 30))
    program.shutdown(socket.SHUT_WR)
    return good and program.recv(100) == b""


shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)
kernel, busybox = fetch("fetch_kernel", guest), fetch("fetch_busybox", guest)
if not (kernel / "modules").exists():
    kernel = fetch("fetch_debian_kernel", guest)
if shutil.which(COMPILERS[guest]) is None:
    skip(f"there is no {COMPILERS[guest]}")
subprocess.run([COMPILERS[guest], "-O2", "-static", "-Wall", "-Werror", "-o", work / "vsock", HERE / "vsock_guest.c"], check=True)
payload = random.Random(1).randbytes(SIZE)
(work / "payload").write_bytes(payload)
reply = random.Random(2).randbytes(SIZE)
(work / "script").write_text(f"""
echo "said nobody: $(/vsock send 98 /payload)"
/vsock send 99 /payload >/reply
echo "said sent $?" $(sha256sum </reply)
/vsock talk 97
echo "said talked $?"
/vsock listen 8
echo "said heard $?"
/vsock echo 7 {MANY + 3}
echo "said echoed $?"
""")
modules = []
for module in ("virtio_mmio", "vmw_vsock_virtio_transport"):
    modules += ["--module", module]
subprocess.run([ROOT / "tools/guests/initrd", "--guest", guest, "--output", work / "initrd.gz", "--busybox", busybox, "--modules", kernel / "modules",
                *modules, "--script", work / "script", "--file", f"{work}/payload:payload", "--file", f"{work}/vsock:vsock"], check=True)
got, server = serve(99, reply)
echo_messages(97)
output = open(work / "output", "wb")
machine = subprocess.Popen([menura, "boot", "--kernel", kernel / "Image", "--initrd", work / "initrd.gz", "--append",
                            f"console={CONSOLES[guest]} quiet panic=-1", "--vsock", f"cid=42,socket={work}/v.sock"],
                           stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)


def said():
    lines = (work / "output").read_text(errors="replace").replace("\r", "").splitlines()
    return [line for line in lines if line.startswith("said ")]


try:
    def wait_for(line):
        end = time.monotonic() + PATIENCE
        while line not in said() and machine.poll() is None and time.monotonic() < end:
            time.sleep(0.1)

    server.join(PATIENCE)
    wait_for("said listening for messages")
    check("messages from the host come back whole", talk_by_messages(8))
    wait_for("said listening")
    check("where nobody listens in the guest, the socket closes", connect(9) is None)
    bad = socket.socket(socket.AF_UNIX)
    bad.connect(str(work / "v.sock"))
    bad.sendall(b"HELLO\n")
    check("who asks for something else is sent away", bad.recv(1) == b"")
    # Nobody reads what comes back of this one: its echo waits, the others do not.
    stalled = connect(7)
    stalled.setblocking(False)
    filled = 0
    try:
        while filled < 4 << 20:
            filled += stalled.send(bytes(1 << 16))
            time.sleep(0.001)
    except BlockingIOError:
        pass
    check("a stream that nobody reads becomes full", filled < 4 << 20)
    sums = {}
    started = time.monotonic()
    exchange(0, SIZE, sums)
    print(f"{guest}: {SIZE >> 20} MiB both ways at once in {time.monotonic() - started:.2f} s")
    threads = [threading.Thread(target=exchange, args=(i, 300_000, sums)) for i in range(1, MANY + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check("what comes back is what was sent", len(sums) == MANY + 1 and all(sums.values()))
    stalled.close()
    # Gone before it has said anything.
    connect(7).close()
    machine.wait(PATIENCE)
except (OSError, subprocess.TimeoutExpired) as error:
    check(repr(error), False)
finally:
    machine.kill()
    machine.wait()
check("exit status", machine.returncode == 0)
expected = ["said nobody: Connection reset by peer", f"said sent 0 {hashlib.sha256(reply).hexdigest()} -", "said talked 0",
            "said listening for messages", "said heard 0", "said listening", "said echoed 0"]
check(f"the guest said {said()}", said() == expected)
check("what the host has got", got == [hashlib.sha256(payload).hexdigest()])
check("the sockets are gone with the machine", not os.path.exists(work / "v.sock") and not os.path.exists(work / "v.sock_seqpacket"))
if failures:
    print((work / "output").read_text(errors="replace")[-2000:])
    sys.exit(1)
print(f"{guest}: sockets work")
