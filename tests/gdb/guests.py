"""Guests that wait for gdb, and who talks to them: gdb-multiarch, or a client of the protocol itself."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

SOURCES = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 300  # seconds; the host may be busy


class Debugged(unittest.TestCase):
    menura = None  # the program, set by who runs the tests

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="menura-gdb-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.socket = os.path.join(self.folder, "gdb")
        self.output = os.path.join(self.folder, "output")  # what the guest prints

    def compile(self, triplet, sources, *options):
        program = os.path.join(self.folder, "program")
        subprocess.run(
            [triplet + "-gcc", "-g", "-static", "-Wl,--no-warn-rwx-segments", *options, "-o", program]
            + [os.path.join(SOURCES, source) for source in sources], check=True)
        return program

    def start(self, guest_command):
        """A guest that waits for a debugger at self.socket."""
        with open(self.output, "wb") as output:
            guest = subprocess.Popen([self.menura, *guest_command], stdin=subprocess.DEVNULL, stdout=output)
        self.addCleanup(self.end, guest)
        for _ in range(PATIENCE * 20):
            if guest.poll() is not None or self.somebody_listens():
                break
            time.sleep(0.05)
        return guest

    @staticmethod
    def end(guest):
        if guest.poll() is None:
            guest.send_signal(signal.SIGKILL)
            guest.wait()

    def gdb(self, program, commands):
        """gdb with these commands, begun."""
        command = ["gdb-multiarch", "-batch", "-nx"]
        for each in ["set pagination off", "set confirm off", f"set remotetimeout {PATIENCE}", "target remote " + self.socket] + commands:
            command += ["-ex", each]
        return subprocess.Popen(command + [program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def talk(self, guest_command, program, commands):
        """Runs a guest that waits for gdb, and gdb with these commands; returns what gdb says and the guest's status."""
        guest = self.start(guest_command)
        gdb = self.gdb(program, commands)
        try:
            text, _ = gdb.communicate(timeout=PATIENCE)
        finally:
            self.end(gdb)
        return text, guest.wait(timeout=PATIENCE)

    def somebody_listens(self):
        # A connection would be a debugger's: the kernel's table tells without one.
        with open("/proc/net/unix") as table:
            return any(line.split()[-1] == self.socket for line in table)

    def assert_in_order(self, text, patterns):
        at = 0
        for pattern in patterns:
            found = re.compile(pattern, re.MULTILINE).search(text, at)
            self.assertIsNotNone(found, f"gdb did not say {pattern!r} (in this order):\n{text}")
            at = found.end()


class Client:
    """A debugger of few words: packets to the guest at a socket, and its answers."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.data = b""

    def close(self):
        self.socket.close()

    def send(self, payload):
        self.raw(b"$%s#%02x" % (payload.encode(), sum(payload.encode()) & 0xff))

    def raw(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next packet's payload; None: the guest has hung up."""
        while not (found := re.search(rb"\$([^#]*)#..", self.data)):
            more = self.socket.recv(65536)
            if not more:
                return None
            self.data += more
        self.data = self.data[found.end():]
        with contextlib.suppress(BrokenPipeError):  # that may have been the last it says
            self.raw(b"+")
        return found[1].decode()

    def ask(self, payload):
        self.send(payload)
        return self.receive()

    def interrupt(self):
        self.raw(b"\3")
        return self.receive()
