#!/usr/bin/env python3
"""The files of `menura run --trace` and `menura boot --trace`: valid however the guest ends, spans nest, what must be there is.

usage: timeline.py MENURA SOURCE-FOLDER
What a file must hold follows from the format ("Trace Event Format", JSON Array Format) and from the programs in guest/.
"""
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

MENURA, SOURCES = sys.argv[1], sys.argv[2]
TRIPLETS = {"riscv64": "riscv64-linux-gnu", "arm64": "aarch64-linux-gnu"}


class Timeline:
    """A file of events, which must be well-formed."""

    def __init__(self, test, path, killed=False):
        with open(path) as file:
            text = file.read()
        if killed and not text.endswith("\n]\n"):
            # In the middle of writing: the end is missing, as the format permits it.
            text = text[:text.rindex("}\n,") + 1] + "]"
        self.events = json.loads(text)
        self.names = {}
        self.processes = {}
        tracks = collections.defaultdict(list)
        for event in self.events:
            place = (event["pid"], event["tid"])
            test.assertIn(event["ph"], "MXiC")
            if event["ph"] == "M":
                table = {"thread_name": self.names, "process_name": self.processes}[event["name"]]
                table[place if table is self.names else event["pid"]] = event["args"]["name"]
            elif event["ph"] == "X":
                tracks[place].append((event["ts"], -event["dur"], event["name"]))
        test.assertEqual(self.events[0]["name"], "process_name")
        for place in tracks:
            test.assertIn(place, self.names)
            self.check_nesting(test, sorted(tracks[place]))

    @staticmethod
    def check_nesting(test, spans):
        """What begins within a span ends within it; times are thousandths of a microsecond."""
        open_until = []
        for begin, length, name in spans:
            end = begin - length + 0.002
            while open_until and open_until[-1][0] <= begin + 0.002:
                open_until.pop()
            if open_until:
                test.assertLessEqual(end, open_until[-1][0] + 0.002, (name, "within", open_until[-1][1]))
            open_until.append((end, name))

    def spans(self, name, track=None):
        return [event for event in self.events if event["ph"] == "X" and event["name"] == name and
                (track is None or self.names.get((event["pid"], event["tid"])) == track)]

    def instants(self, name):
        return [event for event in self.events if event["ph"] == "i" and event["name"] == name]


class TimelineTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="menura-timeline-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.trace = os.path.join(self.folder, "out.json")

    def compile(self, guest, source, *options):
        program = os.path.join(self.folder, "program")
        subprocess.run([TRIPLETS[guest] + "-gcc", "-static", *options, "-o", program,
                        os.path.join(SOURCES, "guest", source)], check=True)
        return program

    def run_program(self, program, *arguments, options=(), status=5):
        process = subprocess.Popen([MENURA, "run", "--trace", self.trace, *options, program, *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=300)
        self.assertEqual(process.returncode, status, err)
        return Timeline(self, self.trace), process.pid, out, err

    # --- programs

    def check_program(self, guest):
        program = self.compile(guest, "process.c", "-O1", "-pthread")
        for options in ((), ("--tier", "2"), ("--engine", "interp")):
            with self.subTest(guest=guest, options=options):
                timeline, pid, out, err = self.run_program(program, options=options)
                self.assertEqual((out, err), (b"ready\n", b""))
                calls = {call for call in ("write", "wait4", "clone", "execve", "exit_group") if timeline.spans(call)}
                self.assertEqual(calls, {"write", "wait4", "clone", "execve", "exit_group"})
                write, = [call for call in timeline.spans("write") if call["pid"] == pid]
                self.assertEqual(write["args"]["result"], 6)
                self.assertTrue(timeline.instants("signal USR1"))
                code = timeline.spans("guest code")
                self.assertIn("syscall", {event["args"]["exit"] for event in code if "exit" in event["args"]})
                # The thread by its name, and the child before and after its execve as a process of its own.
                self.assertIn('worker "1"', timeline.names.values())
                self.assertEqual(len(timeline.processes), 2)
                child, = set(timeline.processes) - {pid}
                self.assertEqual([call["pid"] for call in timeline.spans("execve")], [child])
                ends = {call["pid"]: call["args"] for call in timeline.spans("exit_group")}
                self.assertEqual(set(ends), {pid, child})
                self.assertEqual(ends[pid]["end"], "not reached")
                if "--engine" in options:
                    continue
                made = timeline.spans("translate tier 2" if options else "translate trace")
                self.assertTrue(made)
                self.assertTrue(all(event["args"]["outcome"] == "placed" and event["args"]["guest instructions"] > 0 and
                                    event["args"]["pc"].startswith("0x") for event in made))

    def test_program_riscv64(self):
        self.check_program("riscv64")

    def test_program_arm64(self):
        self.check_program("arm64")

    def test_background_compiler(self):
        program = self.compile("riscv64", "process.c", "-O1", "-pthread")
        for turns in (300_000_000, 3_000_000_000, 30_000_000_000):  # how soon the compiler's thread is done is up to the host
            timeline, *_ = self.run_program(program, "hot", str(turns), options=("--tier", "auto", "--tier2-threshold", "1"))
            if made := timeline.spans("translate tier 2", track="tier 2"):
                break
        self.assertTrue(made)

    def test_program_dies(self):
        program = self.compile("riscv64", "process.c", "-O1", "-pthread")
        timeline, pid, *_ = self.run_program(program, "abort", status=-signal.SIGABRT)
        self.assertTrue(timeline.instants("signal ABRT"))

    @staticmethod
    def state(pid):
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")")[1].split()[0]

    def test_killed(self):
        program = self.compile("riscv64", "process.c", "-O1", "-pthread")
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number), subprocess.Popen([MENURA, "run", "--trace", self.trace, program, "wait"],
                                                        stdout=subprocess.PIPE) as process:
                self.assertEqual(process.stdout.readline(), b"ready\n")
                while self.state(process.pid) != "S":
                    time.sleep(0.01)
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=300), -number)
                timeline = Timeline(self, self.trace, killed=number == signal.SIGKILL)
                if number == signal.SIGTERM:
                    self.assertTrue(timeline.instants("signal TERM"))

    def test_too_much(self):
        """More calls than a thread may tell of: the file says how many are missing, and so does standard error."""
        program = self.compile("riscv64", "process.c", "-O1", "-pthread")
        began = time.monotonic()
        done = subprocess.run([MENURA, "run", "--trace", self.trace, program, "burst"], capture_output=True, timeout=300)
        seconds = time.monotonic() - began
        counts = collections.Counter()
        left_out = 0

        def count(event):  # instead of keeping all of them
            nonlocal left_out
            if event.get("name") == "events left out":
                left_out = max(left_out, *event["args"].values())
            elif "name" in event:
                counts[event["name"]] += 1
                return None
            return event

        with open(self.trace) as file:
            json.load(file, object_hook=count)
        # Who is slow may tell everything.
        self.assertGreater(left_out, 600000 - 50000 * seconds)
        self.assertEqual(done.stderr, b"menura: --trace %s: %d events are left out: too many for a file that can be looked at\n"
                         % (self.trace.encode(), left_out) if left_out != 0 else b"")
        self.assertGreater(counts["getppid"], 200000)
        # Nothing else comes in such numbers: each call has a span of guest code before it.
        self.assertGreaterEqual(counts["getppid"] + counts["guest code"] + left_out, 1200000)
        self.assertLess(counts["getppid"] + counts["guest code"] + left_out, 1210000)

    def test_append(self):
        program = self.compile("riscv64", "process.c", "-O1", "-pthread")
        before, *_ = self.run_program(program)
        # What a writer leaves that is killed in the middle.
        with open(self.trace, "r+b") as file:
            file.seek(-3, os.SEEK_END)
            file.truncate()
            file.write(b'\n,{"ph":"X","pid":1,"ti')
        subprocess.run([MENURA, "run", "--trace-append", self.trace, program, "child"])
        after = Timeline(self, self.trace)
        self.assertEqual(len(after.processes), len(before.processes) + 1)
        self.assertEqual(after.events[:len(before.events) - 1], before.events[:-1])

    def test_file(self):
        for path, why in ((os.path.join(self.folder, "none", "out.json"), b"No such file"),
                          ("/dev/null", b"not a regular file")):
            for command in (["run", "--trace", path, "/bin/true"], ["boot", "--board", "riscv64/virt", "--trace", path]):
                done = subprocess.run([MENURA, *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(done.stdout, b"")
                self.assertIn(why, done.stderr)
                self.assertIn(path.encode(), done.stderr)
        with open(self.trace, "w") as file:
            file.write("my own notes\n")
        done = subprocess.run([MENURA, "run", "--trace-append", self.trace, "/bin/true"], capture_output=True)
        self.assertIn(b"holds no trace", done.stderr)
        with open(self.trace) as file:
            self.assertEqual(file.read(), "my own notes\n")

    # --- machines

    def boot(self, kernel, *options):
        done = subprocess.run([MENURA, "boot", "--kernel", kernel, "--trace", self.trace, *options], timeout=300,
                              stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, b"!")
        return Timeline(self, self.trace)

    def check_machine(self, guest, address, options, expected, wire, interrupt, exception):
        kernel = self.compile(guest, f"machine_{guest}.S", "-nostdlib", f"-Wl,-N,--no-warn-rwx-segments,-Ttext={address},--build-id=none")
        for engine in ((), ("--tier", "2")):
            with self.subTest(guest=guest, engine=engine):
                timeline = self.boot(kernel, "--smp", "2", *options, *engine)
                self.assertTrue(set(timeline.names.values()) >= {"cpu 0", "cpu 1", "timers"})
                for name in expected:
                    self.assertTrue(timeline.spans(name, track="cpu 0"), name)
                self.assertTrue(timeline.spans("guest code", track="cpu 0"))
                rates = [event["args"] for event in timeline.events if event["name"] == "cpu 0 per second"]
                self.assertTrue(any(rate.get("guest", 0) > 0 for rate in rates) and any("mmio" in rate for rate in rates))
                self.assertTrue(timeline.spans("timer expires", track="timers"))
                self.assertEqual(len(timeline.spans(wire, track=wire)), 1)
                # The processor that waits is woken by what it waits for, not before.
                taken, = timeline.instants(interrupt)
                halts = [span for span in timeline.spans("halted", track="cpu 0") if span["ts"] < taken["ts"]]
                self.assertGreater(max(span["dur"] for span in halts), 1000)
                self.assertEqual(len(timeline.instants(exception)), 1)
                self.assertTrue(timeline.spans("translate tier 2" if engine else "translate hot", track="cpu 0"))

    def test_machine_riscv64(self):
        self.check_machine("riscv64", "0x80000000", ("--bios", "none"),
                           ["MMIO write ns16550a RBR/THR/DLL", "MMIO write aclint MTIMECMP", "MMIO write sifive-test FINISHER"],
                           "aclint to cpu 0, input 7", "machine timer interrupt", "ecall from M")

    def test_machine_arm64(self):
        self.check_machine("arm64", "0x40080000", (), ["MMIO write pl011 UARTDR", "MMIO write gicv3 GICD_CTLR"],
                           "gicv3 to cpu 0, input 0", "IRQ", "SVC")

    def test_machine_ends(self):
        """Ctrl-A x, and signals: what has happened is in the file."""
        for end, status in ((lambda machine: machine.stdin.write(b"\x01x"), 0),
                            (lambda machine: machine.terminate(), -signal.SIGTERM),
                            (lambda machine: machine.kill(), -signal.SIGKILL)):
            with subprocess.Popen([MENURA, "boot", "--board", "riscv64/virt", "--trace", self.trace], bufsize=0,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) as machine:
                seen = b""
                while b"Boot HART MEDELEG" not in seen:
                    seen += machine.stdout.read(1)
                end(machine)
                machine.stdout.read()
                self.assertEqual(machine.wait(timeout=300), status)
            timeline = Timeline(self, self.trace, killed=status == -signal.SIGKILL)
            if status != -signal.SIGKILL:
                self.assertTrue(timeline.spans("MMIO write ns16550a RBR/THR/DLL", track="cpu 0"))
            if status == -signal.SIGTERM:
                self.assertTrue(timeline.spans("guest code") or timeline.spans("halted"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
