#!/usr/bin/env python3
"""gdb-multiarch talks to guests: bare-metal programs in machines, programs as processes, of both guests and on every engine.

usage: sessions.py MENURA [ENGINE ...]     (all engines)
What gdb must say follows from the C sources beside this file.
"""
import os
import random
import subprocess
import sys
import time
import unittest

from guests import PATIENCE, SOURCES, Client, Debugged

ENGINES = {"interpreted": ["--engine", "interp"], "tier0": ["--tier", "0"], "tier1": ["--tier", "1"], "tier2": ["--tier", "2"]}
BARE = {  # triplet, start of RAM, compiler options
    "riscv64": ("riscv64-linux-gnu", 0x80000000, ["-mcmodel=medany"]),
    "arm64": ("aarch64-linux-gnu", 0x40080000, ["-mgeneral-regs-only", "-mstrict-align"]),
}
LEVELS = {  # how registers say that the machine starts with the most rights: expressions, and what they are
    "riscv64": ["print/x $misa >> 62 & 3", "print $priv", 0x2, 3],
    "arm64": ["print/x $CurrentEL", "print $cpsr & 15", 0x4, 5],
}


class Sessions(Debugged):
    def bare(self, guest, source):
        triplet, ram, options = BARE[guest]
        return self.compile(triplet, ["machine.S", source], "-O1", "-ffreestanding", "-nostdlib", "-fno-pic", "-no-pie",
                            f"-Wl,--defsym,RAM={ram}", "-T", os.path.join(SOURCES, "machine.ld"), *options)

    def boot(self, guest, program, options):
        return ["boot", "--board", guest + "/virt", "--bios", "none", "--kernel", program, "--serial", "null", "--gdb", self.socket, "-S",
                *options]

    def machine(self, guest, options):
        program = self.bare(guest, "machine.c")
        one, other, one_is, other_is = LEVELS[guest]
        text, status = self.talk(
            self.boot(guest, program, options), program,
            ["info threads", one, "break main", "continue", "backtrace", "break begin", "continue", "finish",
             "break add if a == 3", "continue", "info args", "finish", "watch origin.x", "continue", "print origin",
             "delete", "x/i $pc", "stepi", "print counter", "maintenance packet Qqemu.PhyMemMode:1",
             "print origin.y", "monitor info mtree", "monitor nonsense", other, "set var counter = 77",
             "print counter", "continue"])
        self.assert_in_order(text, [
            r"CPU#0", rf"\$1 = {one_is:#x}$", r"Breakpoint 1, main \(\)", r"#0 +main \(\)", r"Breakpoint 2, begin \(\)",
            r"^main \(\) at", r"Breakpoint 3, add \(a=3, b=", r"^a = 3", r"Value returned is \$2 = 6$", r"Hardware watchpoint 4: origin.x",
            r"Old value = 3$", r"New value = 45$", r"\$3 = \{x = 45, y = 4\}", r"\$4 = 120$", r"\$5 = 4$",
            rf"{BARE[guest][1] >> 24:x}000000-\S+ ram", r"not known", rf"\$6 = {other_is}$", r"\$7 = 77$", r"exited normally"])
        self.assertEqual(status, 0)

    def process(self, triplet, options):
        program = self.compile(triplet, ["process.c"], "-O0")
        text, status = self.talk(
            ["run", "-g", self.socket, *options, program], program,
            ["break main", "continue", "backtrace", "break begin", "continue", "finish", "break square if n == 3", "continue", "backtrace",
             "print n", "finish", "watch counter", "continue", "delete", "stepi", "continue", "print counter", "continue"])
        self.assert_in_order(text, [
            r"Breakpoint 1, main \(\)", r"#0 +main \(\)", r"Breakpoint 2, begin \(\)", r"Breakpoint 3, square \(n=3\)",
            r"#0 +square \(n=3\)", r"#1 .* main \(\)", r"\$1 = 3$", r"Value returned is \$2 = 9$", r"Old value = 4$", r"New value = 5$",
            r"received signal SIGUSR1", r"\$3 = 5$", r"exited with code 036\]"])
        self.assertEqual(status, 30)

    def spin(self, program, guest_command):
        """A loop that nothing leaves: interrupted, with a breakpoint, stepped, watched; debuggers come, go and misbehave."""
        listing = subprocess.run(["nm", "-S", program], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        symbols = {words[3]: (int(words[0], 16), int(words[1], 16)) for words in map(str.split, listing) if len(words) == 4}
        counter, (loop, size) = symbols["counter"][0], symbols["main"]
        guest = self.start(guest_command)
        client = Client(self.socket)

        def number(packet):
            return int.from_bytes(bytes.fromhex(client.ask(packet)), "little")

        def count():
            return number(f"m{counter:x},8")

        def go_on_until_it_counts(more=b""):
            """Interrupted again and again: how soon a thread runs is up to the host."""
            last, end = count(), time.monotonic() + PATIENCE
            while count() == last and time.monotonic() < end:
                client.send("vCont;c")
                client.raw(more)
                time.sleep(0.1)
                self.assertEqual(client.interrupt(), f"T02{which}")
            self.assertGreater(count(), last)

        client.ask("qSupported:swbreak+")
        thread = client.ask("qC")[2:]
        which = f"thread:{thread};"
        # The first loop is entered by whatever comes before it.
        client.ask(f"Z0,{loop:x},4")
        self.assertEqual(client.ask("vCont;c"), f"T05swbreak:;{which}")
        client.ask(f"z0,{loop:x},4")
        for _ in range(3):
            go_on_until_it_counts()
            self.assertTrue(loop <= number("p20") < loop + size)
        place = number("p20")
        self.assertEqual(client.ask(f"Z0,{place:x},4"), "OK")
        counts = []
        for _ in range(3):
            # As gdb does: over what it stands before, then on.
            client.ask(f"vCont;s:{thread}")
            self.assertEqual(client.ask("vCont;c"), f"T05swbreak:;{which}")
            self.assertEqual(number("p20"), place)
            counts.append(count())
        self.assertEqual(counts, list(range(counts[0], counts[0] + 3)))
        self.assertEqual(client.ask(f"z0,{place:x},4"), "OK")
        for _ in range(3):
            before = number("p20")
            self.assertEqual(client.ask(f"vCont;s:{thread}"), f"T05{which}")
            self.assertNotEqual(number("p20"), before)
        self.assertEqual(client.ask(f"Z2,{counter:x},8"), "OK")
        last = count()
        for i in range(3):
            self.assertEqual(client.ask("vCont;c"), f"T05watch:{counter:x};{which}")
            self.assertEqual(count(), last + 1 + i)
        self.assertEqual(client.ask(f"z2,{counter:x},8"), "OK")
        # What is no packet harms nobody, while the guest stands still and while it runs.
        noise = bytes(random.Random(1).choices([byte for byte in range(256) if byte not in b"#\3"], k=1 << 20))
        client.raw(noise + b"$k#00" + b"$" + b"a" * (1 << 20) + b"#%02x" % (ord("a") * (1 << 20) & 0xff))
        self.assertEqual(client.ask("?"), f"T05watch:{counter:x};{which}")
        go_on_until_it_counts(noise + b"$k#00")
        # The next debugger waits until this one has gone.
        other = Client(self.socket)
        other.send("?")
        self.assertEqual(client.ask("D"), "OK")
        client.close()
        client = other
        self.assertEqual(client.receive(), f"T02{which}")
        # One that goes without a word lets the guest go on, too.
        last, end = count(), time.monotonic() + PATIENCE
        while count() == last and time.monotonic() < end:
            client.close()
            time.sleep(0.1)
            client = Client(self.socket)
            self.assertEqual(client.ask("?"), f"T02{which}")
        self.assertGreater(count(), last)
        self.assertIsNone(guest.poll())
        client.send("k")
        guest.wait(timeout=PATIENCE)
        client.close()

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
            refused = subprocess.run([self.menura, "run", "-g", place, self.compile("riscv64-linux-gnu", ["process.c"])],
                                     stderr=subprocess.PIPE, text=True)
            self.assertEqual(refused.returncode, 125)
            self.assertIn("gdb cannot be waited for", refused.stderr)


def add(name, test):
    setattr(Sessions, "test_" + name, test)


for guest, (triplet, _, _) in BARE.items():
    for engine in sys.argv[2:] or ENGINES:
        options = ENGINES[engine]
        add(f"machine_{guest}_{engine}", lambda self, guest=guest, options=options: self.machine(guest, options))
        add(f"process_{guest}_{engine}", lambda self, triplet=triplet, options=options: self.process(triplet, options))

        def spin_in_machine(self, guest=guest, options=options):
            program = self.bare(guest, "spin.c")
            self.spin(program, self.boot(guest, program, options))

        def spin_in_process(self, triplet=triplet, options=options):
            program = self.compile(triplet, ["spin.c"], "-O1")
            self.spin(program, ["run", "-g", self.socket, *options, program])
        add(f"spin_machine_{guest}_{engine}", spin_in_machine)
        add(f"spin_process_{guest}_{engine}", spin_in_process)

if __name__ == "__main__":
    Debugged.menura = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
