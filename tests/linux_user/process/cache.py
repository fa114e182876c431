#!/usr/bin/env python3
"""Compiled code on disk, as users meet it: programs run again, `menura cache`, damage, concurrent processes.

usage: cache.py MENURA GUESTS [CASE ...]      GUESTS: the folder with the guests' test programs, by guest
"""
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

MENURA = ""
GUESTS = pathlib.Path()


def little_program(value):
    """An ELF program for arm64 that computes a sum in a loop, another one without, long enough to be worth keeping, and exits with `value`."""
    movz = 0xD2800000
    code = [movz | 300 << 5 | 1, movz | 0 << 5 | 2,  # x1 = 300, x2 = 0
            0x8B010042, 0xD1000421, 0xB5FFFFC1,  # x2 += x1; x1 -= 1; cbnz x1, back
            *[0x8B010042] * 1000,
            movz | value << 5 | 0, movz | 94 << 5 | 8, 0xD4000001]  # x0 = value; exit_group
    text = b"".join(struct.pack("<I", word) for word in code)
    base, offset = 0x400000, 120
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 183, 1, base + offset, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, offset + len(text), offset + len(text), 0x1000)
    return header + segment + text


class CacheTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.work)
        self.code = self.work / "code"

    def environment(self, **more):
        return {**os.environ, "MENURA_CACHE": str(self.code), **more}

    def menura(self, *arguments, **more):
        return subprocess.run([MENURA, *map(str, arguments)], env=self.environment(**more.pop("environment", {})),
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)

    def run_program(self, *arguments, **more):
        """Runs it and returns what it printed, its status, and how many regions were compiled and recalled."""
        result = self.menura("run", "--stats", *arguments, **more)
        counts = {name: int(count) for name, count in re.findall(r"^(traces|hot|tier 2|recalled)\s+(\d+) regions", result.stderr, re.M)}
        self.assertIn("recalled", counts, result.stderr)
        return result.stdout, result.returncode, counts["traces"] + counts["hot"], counts["recalled"]

    def files(self):
        return sorted(self.code.glob("*.code")) if self.code.exists() else []

    def check_runs_twice(self, *program, **more):
        first = self.run_program(*program)
        self.assertGreater(first[2], 100)
        self.assertEqual(first[3], 0)
        second = self.run_program(*program, **more)
        self.assertEqual(second[:2], first[:2])
        self.assertGreater(second[3], 100)
        self.assertLess(second[2], first[2] / 20)

    def test_a_static_program(self):
        for guest in ("riscv64", "arm64"):
            with self.subTest(guest):
                self.check_runs_twice(GUESTS / guest / "arguments", "one", "two")

    def test_a_dynamic_program_at_other_addresses(self):
        """Libraries are mapped below the stack: another limit for its size moves them all."""
        def small_stack():
            resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
        for guest in ("riscv64", "arm64"):
            with self.subTest(guest):
                self.check_runs_twice(GUESTS / guest / "dynamic", "one", preexec_fn=small_stack)
                # Another program finds what the libraries have in common.
                self.assertGreater(self.run_program(GUESTS / guest / "dynamic_fixed")[3], 100)

    def test_children_share_it_and_inherit_the_choice(self):
        program = GUESTS / "arm64" / "execute"
        self.menura("run", "--no-cache", program)
        self.assertEqual(self.files(), [])
        first = self.menura("run", program)
        self.assertNotEqual(self.files(), [])
        again = self.menura("run", program)
        self.assertEqual((first.stdout, first.returncode), (again.stdout, again.returncode))

    def test_where(self):
        program = GUESTS / "arm64" / "arguments"
        environment = {name: value for name, value in os.environ.items() if name != "MENURA_CACHE"}

        def run(*options, **variables):
            subprocess.run([MENURA, "run", *options, program], env={**environment, **variables}, capture_output=True, check=False)
        run(XDG_CACHE_HOME=str(self.work / "xdg"))
        self.assertNotEqual(list((self.work / "xdg/menura/code").glob("*.code")), [])
        self.assertEqual(stat.S_IMODE((self.work / "xdg/menura/code").stat().st_mode), 0o700)
        run(HOME=str(self.work), XDG_CACHE_HOME="")
        self.assertNotEqual(list((self.work / ".cache/menura/code").glob("*.code")), [])
        run("--cache-folder", str(self.work / "given"), MENURA_CACHE=str(self.code))
        self.assertNotEqual(list((self.work / "given").glob("*.code")), [])
        subprocess.run([MENURA, "run", "--cache-folder", "here", program], cwd=self.work, env=environment, capture_output=True, check=False)
        self.assertNotEqual(list((self.work / "here").glob("*.code")), [])
        run(MENURA_CACHE="off", XDG_CACHE_HOME=str(self.work / "none"))
        self.assertFalse((self.work / "none").exists())
        self.assertEqual(self.files(), [])

    def test_a_program_that_changed_without_trace(self):
        program = self.work / "program"
        program.write_bytes(little_program(42))
        program.chmod(0o755)
        before = program.stat()
        results = []
        for value in (42, 42, 43, 43, 42):
            with open(program, "r+b") as file:
                file.write(little_program(value))
            os.utime(program, ns=(before.st_atime_ns, before.st_mtime_ns))
            after = program.stat()
            self.assertEqual((before.st_ino, before.st_size, before.st_mtime_ns), (after.st_ino, after.st_size, after.st_mtime_ns))
            results.append(self.run_program(program))
            self.assertEqual(results[-1][1], value)
        self.assertEqual(len({file.name.split(".")[0] for file in self.files()}), 1)
        self.assertEqual(results[0][3], 0)
        self.assertEqual(results[1][2], 0)
        self.assertGreater(results[2][2], 0)
        self.assertGreater(results[2][3], results[2][2])

    def test_what_the_optimizing_compiler_made(self):
        program = self.work / "program"
        program.write_bytes(little_program(42))
        program.chmod(0o755)
        made = []
        for _ in range(2):
            result = self.menura("run", "--stats", "--tier", "2", program)
            self.assertEqual(result.returncode, 42, result.stderr)
            made.append(int(re.search(r"^tier 2\s+(\d+) regions", result.stderr, re.M)[1]))
        if made[0] == 0:
            self.skipTest("there is no optimizing compiler")
        self.assertEqual(made[1], 0)

    def test_info_verify_clear(self):
        self.assertIn("nothing is kept", self.menura("cache", "info").stdout)
        self.menura("run", GUESTS / "arm64" / "arguments")
        info = self.menura("cache", "info")
        self.assertEqual(info.returncode, 0)
        self.assertRegex(info.stdout, r"in 1 segments with \d+ pieces")
        verify = self.menura("cache", "verify")
        self.assertEqual(verify.returncode, 0)
        self.assertRegex(verify.stdout, r"\d+ entries are good, 0 are damaged")
        file = self.files()[0]
        damaged = bytearray(file.read_bytes())
        damaged[-100] ^= 4
        file.write_bytes(damaged)
        verify = self.menura("cache", "verify")
        self.assertEqual(verify.returncode, 1)
        self.assertIn("1 are damaged", verify.stdout)
        self.assertEqual(self.menura("cache", "clear").returncode, 0)
        self.assertEqual(self.files(), [])
        self.assertEqual(self.menura("cache", "nonsense").returncode, 125)
        self.assertEqual(self.menura("cache", "info", environment={"MENURA_CACHE": "off"}).returncode, 125)

    def test_damage(self):
        program = GUESTS / "arm64" / "arguments"
        expected = self.run_program(program, "x")[:2]
        file = self.files()[0]
        good = file.read_bytes()
        chance = random.Random(1)
        for case in range(40):
            if case % 2:
                damaged = good[:chance.randrange(len(good))]
            else:
                damaged = bytearray(good)
                for _ in range(1 << chance.randrange(12)):
                    damaged[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
            for other in self.files():
                other.unlink()  # what an earlier case has added
            file.write_bytes(damaged)
            file.chmod(0o600)
            self.assertEqual(self.run_program(program, "x")[:2], expected, case)

    def test_a_folder_that_cannot_be_used_is_no_error(self):
        program = GUESTS / "arm64" / "arguments"
        expected = self.run_program("--no-cache", program)
        for name, prepare in {"others may write": lambda: self.code.mkdir() or self.code.chmod(0o777),
                              "a file": lambda: self.code.write_text(""),
                              "a link": lambda: self.code.symlink_to(self.work)}.items():
            with self.subTest(name):
                prepare()
                for _ in range(2):
                    result = self.run_program(program)
                    self.assertEqual(result[:2], expected[:2])
                    self.assertEqual(result[3], 0)
                self.assertEqual(self.menura("cache", "info").returncode, 125)
                self.assertEqual([path.name for path in self.work.glob("*.code")], [])
                self.code.rmdir() if self.code.is_dir() and not self.code.is_symlink() else self.code.unlink()

    def test_a_limit_for_files_does_not_kill(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        result = self.menura("run", GUESTS / "arm64" / "arguments", preexec_fn=limit)
        self.assertEqual(result.returncode, self.menura("run", "--no-cache", GUESTS / "arm64" / "arguments").returncode)
        self.assertEqual(self.files(), [])

    def test_a_small_limit(self):
        self.menura("run", GUESTS / "arm64" / "arguments")
        size = self.files()[0].stat().st_size
        limit = {"MENURA_CACHE_SIZE": str(size * 5 // 2)}
        for guest in ("arm64", "riscv64"):
            for name in ("execute", "memory", "exceptions_static"):
                self.menura("run", GUESTS / guest / name, environment=limit)
        self.assertLessEqual(sum(file.stat().st_size for file in self.files()), size * 5 // 2)
        self.assertNotEqual(self.files(), [])

    def test_many_at_once(self):
        program = GUESTS / "arm64" / "dynamic"
        expected = self.menura("run", "--no-cache", program, "x").stdout
        for _ in range(3):
            running = [subprocess.Popen([MENURA, "run", program, "x"], env=self.environment(), stdout=subprocess.PIPE, text=True)
                       for _ in range(6)]
            for process in running:
                self.assertEqual(process.communicate()[0], expected)
        self.assertEqual(self.menura("cache", "verify").returncode, 0)
        self.assertLess(self.run_program(program, "x")[2], 50)

    def test_killed_at_any_time(self):
        program = GUESTS / "arm64" / "exceptions"
        expected = self.run_program("--no-cache", program)[:2]
        chance = random.Random(2)
        for case in range(60):
            if case % 5 == 0:
                self.menura("cache", "clear")
            process = subprocess.Popen([MENURA, "run", program], env=self.environment(), stdout=subprocess.DEVNULL)
            time.sleep(chance.random() * 0.06)
            process.send_signal(signal.SIGKILL)
            process.wait()
            verify = self.menura("cache", "verify")
            self.assertEqual(verify.returncode, 0, verify.stdout)
        self.assertEqual(self.run_program(program)[:2], expected)


if __name__ == "__main__":
    MENURA, GUESTS = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)
