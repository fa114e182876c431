#!/usr/bin/env python3
"""gdb-multiarch talks to guests: a bare-metal program in a machine, programs of both guests as processes.

usage: sessions.py MENURA SOURCE-FOLDER
What gdb must say follows from the C sources beside this file.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

MENURA, SOURCES = sys.argv[1], sys.argv[2]


class Gdb(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="menura-gdb-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.socket = os.path.join(self.folder, "gdb")

    def compile(self, triplet, sources, *options):
        program = os.path.join(self.folder, "program")
        subprocess.run(
            [triplet + "-gcc", "-g", "-static", "-Wl,--no-warn-rwx-segments", *options, "-o", program]
            + [os.path.join(SOURCES, source) for source in sources], check=True)
        return program

    def talk(self, guest_command, program, commands):
        """Runs a guest that waits for gdb, and gdb with these commands; returns what gdb says and the guest's status."""
        guest = subprocess.Popen([MENURA, *guest_command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            for _ in range(600):
                if guest.poll() is not None or self.somebody_listens():
                    break
                time.sleep(0.05)
            arguments = ["set pagination off", "set confirm off", "set remotetimeout 60", "target remote " + self.socket]
            command = ["gdb-multiarch", "-batch", "-nx"]
            for each in arguments + commands:
                command += ["-ex", each]
            gdb = subprocess.run(command + [program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=120, text=True)
            return gdb.stdout, guest.wait(timeout=60)
        finally:
            if guest.poll() is None:
                guest.send_signal(signal.SIGKILL)
                guest.wait()

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

    def machine(self, *options):
        program = self.compile("riscv64-linux-gnu", ["machine.S", "machine.c"], "-O1", "-ffreestanding", "-nostdlib",
                               "-mcmodel=medany", "-fno-pic", "-no-pie", "-T", os.path.join(SOURCES, "machine.ld"))
        text, status = self.talk(
            ["boot", "--bios", "none", "--kernel", program, "--serial", "null", "--gdb", self.socket, "-S", *options],
            program,
            ["info threads", "print/x $pc", "print/x $misa >> 62 & 3", "break main", "continue", "backtrace",
             "break add if a == 3", "continue", "info args", "finish", "watch origin.x", "continue", "print origin",
             "delete", "x/i $pc", "stepi", "print counter", "maintenance packet Qqemu.PhyMemMode:1",
             "print origin.y", "monitor info mtree", "monitor nonsense", "print/x $mstatus & 0x1800", "set var counter = 77",
             "print counter", "print $priv", "continue"])
        self.assert_in_order(text, [
            r"CPU#0", r"\$1 = 0x1000$", r"\$2 = 0x2$", r"Breakpoint 1, main \(\)", r"#0 +main \(\)",
            r"Breakpoint 2, add \(a=3, b=", r"^a = 3", r"Value returned is \$3 = 6$", r"Hardware watchpoint 3: origin.x",
            r"Old value = 3$", r"New value = 45$", r"\$4 = \{x = 45, y = 4\}", r"\$5 = 120$", r"\$6 = 4$",
            r"80000000-\S+ ram", r"not known", r"\$7 = 0x", r"\$8 = 77$", r"\$9 = 3$", r"exited normally"])
        self.assertEqual(status, 0)

    def test_machine(self):
        self.machine()

    def test_machine_interpreted(self):
        self.machine("--engine", "interp")

    def process(self, triplet, *options):
        program = self.compile(triplet, ["process.c"], "-O0")
        text, status = self.talk(
            ["run", "-g", self.socket, *options, program], program,
            ["break main", "continue", "backtrace", "break square if n == 3", "continue", "backtrace", "print n", "finish",
             "watch counter", "continue", "delete", "stepi", "continue", "print counter", "continue"])
        self.assert_in_order(text, [
            r"Breakpoint 1, main \(\)", r"#0 +main \(\)", r"Breakpoint 2, square \(n=3\)", r"#0 +square \(n=3\)",
            r"#1 .* main \(\)", r"\$1 = 3$", r"Value returned is \$2 = 9$", r"Old value = 4$", r"New value = 5$",
            r"received signal SIGUSR1", r"\$3 = 5$", r"exited with code 036\]"])
        self.assertEqual(status, 30)

    def test_riscv64_process(self):
        self.process("riscv64-linux-gnu")

    def test_arm64_process(self):
        self.process("aarch64-linux-gnu")

    def test_arm64_process_interpreted(self):
        self.process("aarch64-linux-gnu", "--engine", "interp")

    def test_detached_process_goes_on(self):
        program = self.compile("riscv64-linux-gnu", ["process.c"], "-O0")
        text, status = self.talk(["run", "-g", self.socket, program], program,
                                 ["break square", "continue", "detach"])
        self.assert_in_order(text, [r"Breakpoint 1, square \(n=0\)", r"detached"])
        self.assertEqual(status, 30)

    def test_socket_of_a_killed_guest_is_taken_over(self):
        program = self.compile("riscv64-linux-gnu", ["process.c"], "-O0")
        text, _ = self.talk(["run", "-g", self.socket, program], program, ["kill"])
        self.assert_in_order(text, [r"killed"])
        self.assertTrue(os.path.exists(self.socket))
        text, status = self.talk(["run", "-g", self.socket, program], program, ["continue", "continue"])
        self.assertEqual(status, 30, text)

    def test_bad_place(self):
        for place in ["99999", "/nowhere/at/all"]:
            refused = subprocess.run([MENURA, "run", "-g", place, self.compile("riscv64-linux-gnu", ["process.c"])],
                                     stderr=subprocess.PIPE, text=True)
            self.assertEqual(refused.returncode, 125)
            self.assertIn("gdb cannot be waited for", refused.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
