#!/usr/bin/env python3
"""gdb-multiarch debugs Debian's kernels in machines of two CPUs.

usage: kernels.py MENURA riscv64|arm64
The kernels' symbols are what they say in /proc/kallsyms (tools/guests/symbols). What gdb must say follows from Linux' sources: where
functions are called from, the first value of jiffies, what getpid returns. Without a kernel and a BusyBox (no network, none kept from
before) the test is skipped (status 77) and says so.
"""
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from guests import PATIENCE, SOURCES, Debugged

TOOLS = os.path.join(SOURCES, "../../tools/guests")
GUEST = sys.argv[2]
CONSOLES = {"riscv64": "ttyS0", "arm64": "ttyAMA0"}
COPY_SYMBOLS = """mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072 host /mnt && cat /proc/kallsyms >/mnt/kallsyms
"""
BUSY = """while :; do :; done
"""
# What the system call's function is called by, on the way from user space.
CALLED_BY = {"riscv64": ["__riscv_sys_getpid", "do_trap_ecall_u"], "arm64": ["__arm64_sys_getpid", "invoke_syscall"]}
RETURNS = {"riscv64": ("$ra", "$a0"), "arm64": ("$x30", "$x0")}


def from_kernels(function):
    """What a function of kernels.sh prints; the end of this test where nothing can be fetched."""
    done = subprocess.run(["bash", "-c", f'. "{TOOLS}/kernels.sh"; {function} {GUEST}'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return done.stdout.strip()
    print(done.stderr)
    if "cannot be fetched" not in done.stderr:
        sys.exit(1)
    print(f"SKIPPED: Debian's kernel and busybox-static for {GUEST} cannot be fetched; nothing was tested")
    sys.exit(77)


# Of two CPUs, the one that starts the kernel: OpenSBI takes whichever came first.
FIRST = r"^\* 1 +Thread 1 \(CPU#0.*start_kernel.*\n +2 +Thread 2 \(CPU#1"
SECOND = r"^ +1 +Thread 1 \(CPU#0.*\n\* 2 +Thread 2 \(CPU#1.*start_kernel"
STARTS_ON = {"riscv64": f"{FIRST}|{SECOND}", "arm64": FIRST}


class Kernels(Debugged):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.TemporaryDirectory(prefix="menura-gdb-")
        cls.kernel, cls.busybox = from_kernels("fetch_kernel"), from_kernels("fetch_busybox")
        cls.initrd = {name: cls.make_initrd(name, script) for name, script in (("symbols", COPY_SYMBOLS), ("busy", BUSY))}
        subprocess.run([cls.menura, *cls.boot("symbols"), "--share", cls.shared.name], check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        cls.symbols = os.path.join(cls.shared.name, "symbols")
        subprocess.run([TOOLS + "/symbols", "--guest", GUEST, os.path.join(cls.shared.name, "kallsyms"), cls.symbols], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.shared.cleanup()

    @classmethod
    def make_initrd(cls, name, script):
        path = os.path.join(cls.shared.name, name)
        with open(path + ".sh", "w") as file:
            file.write(script)
        modules = ["--modules", cls.kernel + "/modules"] if os.path.isdir(cls.kernel + "/modules") else []
        for module in ("virtio_mmio", "9pnet_virtio", "9p") if modules else ():
            modules += ["--module", module]
        subprocess.run([TOOLS + "/initrd", "--guest", GUEST, "--output", path + ".gz", "--busybox", cls.busybox, "--script", path + ".sh", *modules],
                       check=True)
        return path + ".gz"

    @classmethod
    def boot(cls, initrd, append=""):
        return ["boot", "--kernel", cls.kernel + "/Image", "--initrd", cls.initrd[initrd], "--smp", "2", "--append",
                f"console={CONSOLES[GUEST]} nokaslr {append}"]

    def debugged(self, initrd, *options, append=""):
        return [*self.boot(initrd, append), "--gdb", self.socket, "-S", *options]

    def printed(self):
        with open(self.output, errors="replace") as file:
            return file.read()

    def find(self, pattern, text):
        found = re.search(pattern, text, re.MULTILINE)
        self.assertIsNotNone(found, f"gdb did not say {pattern!r}:\n{text}")
        return found

    def test_from_the_start_to_a_system_call(self):
        function, caller = CALLED_BY[GUEST]
        back, result = RETURNS[GUEST]
        text, status = self.talk(
            # The shared folder is not there: the script fails, and the machine powers off.
            self.debugged("symbols"), self.symbols,
            ["info threads", "break start_kernel", "continue", "backtrace 1", "info threads", "delete",
             f"break *{function}", "continue", "backtrace 2", "info threads", f"tbreak *{back}", "delete 2", "continue",
             f"print {result}", f"x/i $pc", "stepi", "stepi", "backtrace 1", "monitor info registers", "detach"])
        self.assert_in_order(text, [
            r"CPU#0", r"CPU#1", r"hit Breakpoint 1, \S+ in start_kernel \(\)", r"#0 +\S+ in start_kernel \(\)",
            STARTS_ON[GUEST], rf"hit Breakpoint 2, \S+ in {function} \(\)",
            rf"^#0 +\S+ in {function} \(\)", rf"^#1 +\S+ in {caller} \(\)", r"Thread 1", r"Thread 2",
            rf"hit Temporary breakpoint 3, \S+ in {caller} \(\)", r"^\$1 = \d+$", r"^#0 +\S+ in ", r"^pc +[0-9a-f]{16}", r"detached"])
        # Who asks is init or one of its children.
        self.assertLess(int(self.find(r"^\$1 = (\d+)$", text)[1]), 1000)
        self.assertEqual(status, 0)
        self.assertIn("Power down", self.printed())

    def test_panic_reset_and_quit(self):
        argument = {"riscv64": "$a0", "arm64": "$x0"}[GUEST]
        text, status = self.talk(
            self.debugged("busy", append="rdinit=/nothing"), self.symbols,
            ["hbreak *panic", "continue", f"x/s {argument}", "info threads", "delete", "break *start_kernel", "monitor system_reset", "continue",
             "backtrace 1", "monitor quit"])
        self.assert_in_order(text, [r"hit Breakpoint 1, \S+ in panic \(\)", r"VFS: Unable to mount root fs", r"Thread 2",
                                    r"hit Breakpoint 2, \S+ in start_kernel", r"^#0 +\S+ in start_kernel"])
        self.assertEqual(status, 0)

    @unittest.skipUnless(GUEST == "riscv64", "Debian's arm64 kernel has no data in kallsyms")
    def test_memory_and_watchpoints(self):
        """Virtual and physical memory, and the first two ticks."""
        if "linux_banner" not in subprocess.run(["nm", self.symbols], stdout=subprocess.PIPE, text=True, check=True).stdout:
            self.skipTest("this kernel's kallsyms has functions only")
        image = 0x80200000  # where Image lies, and the kernel's first byte is
        text, status = self.talk(
            self.debugged("symbols"), self.symbols,
            ["break *start_kernel", "continue", "x/s &linux_banner", "maintenance packet Qqemu.PhyMemMode:1",
             f"x/s (char*)&linux_banner - (long)&_start + {image:#x}", "maintenance packet Qqemu.PhyMemMode:0",
             "watch *(unsigned long*)&jiffies_64", "continue", "backtrace 2", "continue", "info threads", "delete",
             "rwatch *(unsigned long*)&jiffies_64", "continue", "delete", "monitor info mtree", "detach"])
        self.assert_in_order(text, [r'"Linux version [56]', r'^0x8\w+:\s+"Linux version [56]', r"Old value = \d+$", r"New value = \d+$",
                                    r"#0 +\S+ in do_timer \(\)", r"#1 +\S+ in tick_", r"Old value = ", r"Thread 2 ",
                                    r"hit Hardware read watchpoint", r"Value = ", r"80000000-\S+ ram", r"detached"])
        # INITIAL_JIFFIES: five minutes before 32 bits overflow.
        ticks = [int(value) for value in re.findall(r"(?:Old|New) value = (\d+)$", text, re.MULTILINE)]
        self.assertEqual((2**32 - ticks[0]) % 300, 0)
        self.assertIn((2**32 - ticks[0]) // 300, (100, 250, 300, 1000))  # HZ
        self.assertEqual(ticks[:4], [ticks[0], ticks[0] + 1, ticks[0] + 1, ticks[0] + 2])
        self.assertEqual(status, 0)
        self.assertIn("Power down", self.printed())

    @unittest.skipUnless(GUEST == "arm64", "by what A64's compilers put first into functions")
    def test_physical_memory_and_a_watchpoint_on_a_stack(self):
        text, status = self.talk(
            self.debugged("symbols"), self.symbols,
            ["break *__arm64_sys_getpid", "continue", "watch -location *(unsigned long*)($sp-16)", "print/x $x29", "delete 1", "continue",
             "print *(unsigned long*)$sp == $x29", "print/x *(unsigned long*)$sp", "delete", "x/4xw &panic",
             "maintenance packet Qqemu.PhyMemMode:1", "x/4xw (char*)&panic - (long)&_stext + 0x40210000", "monitor info mtree", "detach"])
        self.assert_in_order(text, [r"Hardware watchpoint 2: -location", r"^\$1 = 0x\w+$", r"hit Hardware watchpoint 2", r"^\$2 = 1$",
                                    r"^\$3 = 0x\w+$", r"<panic>:", r"^0x4\w+:", r"40000000-\S+ ram", r"detached"])
        self.assertEqual(self.find(r"^\$1 = (\w+)$", text)[1], self.find(r"^\$3 = (\w+)$", text)[1])
        # The kernel lies 2 MiB into RAM, and its code 64 KiB behind that.
        self.assertEqual(self.find(r"<panic>:\s+(.*)$", text)[1], self.find(r"^0x4\w+:\s+(.*)$", text)[1])
        self.assertEqual(status, 0)

    def interrupted(self):
        """What gdb says that interrupts the machine a moment after it has let it go on."""
        begun = os.path.join(self.folder, "begun")
        gdb = self.gdb(self.symbols, [f"shell touch {begun}", "continue", "info threads", "detach"])
        while not os.path.exists(begun) and gdb.poll() is None:
            time.sleep(0.1)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(begun)
        for _ in range(PATIENCE):
            time.sleep(1)
            gdb.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                # Longer: gdb did not wait for the machine yet.
                return gdb.communicate(timeout=10)[0]
        self.end(gdb)
        return gdb.communicate()[0]

    def test_interrupt_in_user_space(self):
        guest = self.start(self.debugged("busy", "--tier", "auto"))
        self.gdb(self.symbols, ["detach"]).communicate(timeout=PATIENCE)
        end = time.monotonic() + PATIENCE
        while "init: Linux" not in self.printed() and guest.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        # The loop runs, and sooner or later the other processor is found waiting for an interrupt.
        idle = re.compile(r"halted\]\) .*(idle|wait_for_interrupt|wfi)")
        while not idle.search(text := self.interrupted()) and guest.poll() is None and time.monotonic() < end:
            pass
        self.assert_in_order(text, [r"received signal SIGINT", r"CPU#0", r"CPU#1", r"detached"])
        self.find(idle.pattern, text)
        text, _ = self.gdb(self.symbols, ["kill"]).communicate(timeout=PATIENCE)
        self.assert_in_order(text, [r"killed"])
        guest.wait(timeout=PATIENCE)


if __name__ == "__main__":
    Debugged.menura = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
