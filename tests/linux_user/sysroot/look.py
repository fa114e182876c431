#!/usr/bin/env python3
"""How a guest program sees its sysroot, and how `menura run` finds programs and libraries there.

usage: look.py MENURA GUEST TRIPLET FOLDER     (FOLDER: look, ask, libanswer.so.1 of that guest)
The sysroot is made here, from the cross compiler's C library.
"""
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

MENURA, GUEST, TRIPLET, FOLDER = "", "", "", pathlib.Path()


class LookTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp()).resolve()
        self.addCleanup(shutil.rmtree, self.work)
        self.root = self.make_sysroot(GUEST)

    def make_sysroot(self, name):
        root = self.work / "cache/menura/sysroot" / name
        libraries = root / "usr/lib" / TRIPLET
        libraries.mkdir(parents=True)
        (root / "usr/bin").mkdir()
        for link in ("bin", "lib"):
            (root / link).symlink_to(f"usr/{link}")
        cross = f"/usr/{TRIPLET}/lib"
        shutil.copy(glob.glob(f"{cross}/ld-linux-*.so.1")[0], root / "usr/lib")
        shutil.copy(f"{cross}/libc.so.6", libraries)
        shutil.copy(FOLDER / "look", root / "usr/bin/look")
        (root / "etc/only").mkdir(parents=True)
        (root / "etc/only/here").write_text("the guest's\n")
        (root / "etc/os-release").write_text("a guest\n")
        (root / "etc/link").symlink_to("only/here")
        return root

    def run_menura(self, *words, cwd="/", **environment):
        return subprocess.run([MENURA, "run", *map(str, words)], capture_output=True, text=True, cwd=cwd, timeout=300,
                              env={**os.environ, "XDG_CACHE_HOME": str(self.work / "cache"), "HOME": str(self.work), **environment})

    def look(self, *words, program="look", **options):
        result = self.run_menura(program, *words, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [line.split(": ", 1) for line in result.stdout.splitlines() if line]
        self.assertEqual(lines[0][0], "argv0")
        return [line[-1] for line in lines[1:]]

    def test_by_name(self):
        self.assertEqual(self.look("link", "/proc/self/exe", "execfn", "", "same", "/usr/bin/look"),
                         ["/usr/bin/look", "/usr/bin/look", "yes"])
        result = self.run_menura("look")
        self.assertEqual(result.stdout, "argv0: /usr/bin/look\n")

    def test_by_path(self):
        result = self.run_menura(self.root / "bin/look", "link", "/proc/self/exe")
        self.assertEqual(result.stdout, f"argv0: {self.root}/bin/look\nlink: /usr/bin/look\n")

    def test_by_sysroot(self):
        for words in (["--sysroot", GUEST, "look"], ["--sysroot", GUEST, "/bin/look"], ["--sysroot", f"{self.root}/", "look"],
                      ["-L", self.root, "look"]):
            result = self.run_menura(*words, "link", "/proc/self/exe")
            self.assertIn("link: /usr/bin/look\n", result.stdout, result.stderr)

    def test_a_file_here_comes_first(self):
        shutil.copy(FOLDER / "look", self.work / "look")
        self.assertEqual(self.look("link", "/proc/self/exe", cwd=self.work), [f"{self.work}/look"])

    def test_files_of_the_sysroot_first_then_the_hosts(self):
        (self.work / "mine").write_text("mine\n")
        self.assertEqual(self.look("cat", "/etc/os-release", "cat", "/etc/link", "cat", self.work / "mine", "stat", "/etc/passwd",
                                   "list", "/etc/only", "cat", "/etc/only/nowhere"),
                         ["a guest", "the guest's", "mine", "file", "here", "No such file or directory"])

    def test_real_paths_are_the_guests(self):
        self.assertEqual(self.look("real", "/bin/look", "real", "/etc/link", "link", "/etc/link", "real", "/etc/only/../only/here"),
                         ["/usr/bin/look", "/etc/only/here", "only/here", "/etc/only/here"])

    def test_no_way_out_by_dots(self):
        (self.root.parent / "outside").write_text("outside\n")
        self.assertEqual(self.look("cat", "/usr/../../outside", "cat", "/usr/../etc/os-release"),
                         ["No such file or directory", "a guest"])

    def test_working_folder(self):
        self.assertEqual(self.look("cd", "/etc/only", "cat", "here", "cd", "/etc", "cat", "only/here"),
                         ["/etc/only", "the guest's", "/etc", "No such file or directory"])
        self.assertEqual(self.look("real", "here", cwd=self.root / "etc/only"), ["/etc/only/here"])

    def test_execve(self):
        result = self.run_menura("look", "run", "/bin/look")
        self.assertEqual(result.stdout, "argv0: /usr/bin/look\nargv0: /bin/look\nlink: /usr/bin/look\n", result.stderr)

    def test_script_with_a_guests_interpreter(self):
        script = self.work / "script"
        script.write_text("#!/usr/bin/look cat\n/etc/link\n")
        script.chmod(0o755)
        result = self.run_menura(script)
        self.assertEqual(result.stdout, "argv0: /usr/bin/look\ncat: #!/usr/bin/look cat\n\n", result.stderr)

    def refused(self, status, text, *words, **options):
        result = self.run_menura(*words, **options)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(text, result.stderr)
        return result.stderr

    def test_what_is_not_there(self):
        self.refused(127, "no program of a sysroot", "nothing")
        self.refused(127, "no such folder", "--sysroot", "/none", "look")
        self.refused(125, "expected ", "--sysroot", "none", "look")
        self.refused(125, "give one of them", "--sysroot", GUEST, "-L", "/", "look")
        shutil.rmtree(self.root)
        self.refused(127, f"`menura sysroot {GUEST} python3` makes one", "--sysroot", GUEST, "look")

    def test_missing_interpreter(self):
        next((self.root / "usr/lib").glob("ld-linux-*")).unlink()
        self.refused(127, f"`menura sysroot {GUEST} libc6` fetches it", "--sysroot", GUEST, "look")

    def test_missing_library(self):
        shutil.copy(FOLDER / "ask", self.root / "usr/bin")
        message = self.refused(127, "libanswer.so.1, which /usr/bin/ask needs, is neither in the sysroot", "ask")
        self.assertIn(f"may be libanswer1 (a guess from its name): `menura sysroot {GUEST} libanswer1`", message)
        shutil.copy(FOLDER / "libanswer.so.1", self.work)
        self.assertEqual(self.run_menura("ask", LD_LIBRARY_PATH=str(self.work)).returncode, 0)
        shutil.copy(FOLDER / "libanswer.so.1", self.root / "usr/lib" / TRIPLET)
        self.assertEqual(self.run_menura("ask").returncode, 0)

    def test_cross_packages_where_the_sysroot_lacks_a_library(self):
        """A program that is not in the sysroot runs with the cross compiler's libraries if only they are complete."""
        self.assertEqual(self.look("cat", "/etc/os-release", program=FOLDER / "look"), ["a guest"])
        (self.root / "usr/lib" / TRIPLET / "libc.so.6").unlink()
        self.assertEqual(self.look("stat", "/lib/libc.so.6", "stat", "/etc/only/here", program=FOLDER / "look"),
                         ["file", "No such file or directory"])

    def test_library_of_a_library(self):
        shutil.copy(FOLDER / "ask", self.root / "usr/bin")
        shutil.copy(FOLDER / "libanswer.so.1", self.root / "usr/lib" / TRIPLET)
        (self.root / "usr/lib" / TRIPLET / "libc.so.6").unlink()
        message = self.refused(127, "libc.so.6, which /usr/bin/ask needs", "--sysroot", GUEST, "ask")
        self.assertIn(f"`menura sysroot {GUEST} libc6`", message)


if __name__ == "__main__":
    MENURA, GUEST, TRIPLET, folder = sys.argv[1:5]
    del sys.argv[1:5]
    MENURA, FOLDER = str(pathlib.Path(MENURA).resolve()), pathlib.Path(folder)
    unittest.main(verbosity=2)
