#!/usr/bin/env python3
"""`menura sysroot` against Debian archives made here: no network, and no apt configuration of this machine.

usage: sysroot.py MENURA [CASE ...]
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

import repository

MENURA = ""


def libraries(repo):
    """A program, what it needs, and something else."""
    repo.add("libc6", {"lib/aarch64-linux-gnu/libc.so.6": "libc", "lib/ld-linux-aarch64.so.1": "ld"})
    repo.add("libfoo1", {"usr/lib/aarch64-linux-gnu/libfoo.so.1.0": "foo"}, depends="libc6",
             links={"usr/lib/aarch64-linux-gnu/libfoo.so.1": "libfoo.so.1.0"})
    repo.add("prog", {"bin/prog": "program"}, depends="libfoo1 (>= 1.0)", modes={"bin/prog": 0o755})
    repo.add("other", {"usr/bin/other": "other"}, depends="libc6")


class SysrootTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp())
        cls.key = repository.Key(cls.shared / "key")

    @classmethod
    def tearDownClass(cls):
        cls.key.close()
        shutil.rmtree(cls.shared)

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.work)
        self.cache = self.work / "cache"
        self.tree = self.cache / "menura" / "sysroot" / "arm64"
        (self.work / "etc").mkdir()
        (self.work / "etc/sources.list.d").mkdir()
        self.configure("")
        self.repo = repository.Repository(self.work / "repo", self.key)

    def configure(self, more):
        """What stands for the user's apt configuration."""
        (self.work / "etc/apt.conf").write_text(
            f'Dir::Etc "{self.work}/etc"; Dir::Etc::parts "{self.work}/etc/none"; Acquire::http::Proxy "DIRECT"; Acquire::http::Timeout "5";\n{more}\n')

    def environment(self, **more):
        return {**os.environ, "XDG_CACHE_HOME": str(self.cache), "APT_CONFIG": str(self.work / "etc/apt.conf"), **more}

    def source(self, url=None, keyring=None):
        return ["--mirror", url or f"file:{self.repo.folder}", "--suite", "test", "--keyring", str(keyring or self.key.file)]

    def menura(self, *arguments, **environment):
        return subprocess.run([MENURA, "sysroot", *arguments], capture_output=True, text=True, env=self.environment(**environment), timeout=300)

    def succeed(self, *arguments, **environment):
        result = self.menura(*arguments, **environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def fail_with(self, text, *arguments, status=125, **environment):
        result = self.menura(*arguments, **environment)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(text, result.stderr)
        return result.stderr

    def no_sysroot(self):
        home = self.cache / "menura" / "sysroot"
        left = [path.name for path in home.iterdir() if not path.name.endswith(".lock")] if home.exists() else []
        self.assertEqual(left, [])

    def installed(self):
        return [line.split()[0] for line in self.succeed("arm64", "--list").splitlines()]

    # What works.

    def test_dependencies_and_layout(self):
        libraries(self.repo)
        self.repo.publish()
        self.assertIn("3 packages", self.succeed("arm64", "prog", *self.source()))
        self.assertEqual(self.installed(), ["libc6", "libfoo1", "prog"])
        self.assertEqual(os.readlink(self.tree / "lib"), "usr/lib")
        self.assertEqual((self.tree / "usr/lib/aarch64-linux-gnu/libc.so.6").read_text(), "libc")
        self.assertEqual((self.tree / "lib/ld-linux-aarch64.so.1").read_text(), "ld")
        self.assertTrue(os.access(self.tree / "usr/bin/prog", os.X_OK))
        self.assertIn("prog", subprocess.run(["dpkg-query", "--admindir", self.tree / "var/lib/dpkg", "-L", "prog"],
                                             check=True, capture_output=True, text=True).stdout)

    def test_second_run_adds_and_remembers_the_source(self):
        libraries(self.repo)
        self.repo.publish()
        self.succeed("arm64", "prog", *self.source())
        before = (self.tree / "usr/bin/prog").stat().st_ino
        self.assertIn("1 package,", self.succeed("arm64", "other"))
        self.assertEqual(self.installed(), ["libc6", "libfoo1", "other", "prog"])
        self.assertEqual((self.tree / "usr/bin/prog").stat().st_ino, before)  # not downloaded again, nor copied

    def test_says_that_it_has_no_shell(self):
        libraries(self.repo)
        self.repo.add("dash", {"bin/dash": "shell"}, depends="libc6", links={"bin/sh": "dash"})
        self.repo.publish()
        self.assertIn("`menura sysroot arm64 dash`", self.succeed("arm64", "prog", *self.source()))
        self.assertNotIn("shell", self.succeed("arm64", "dash"))

    def test_what_is_there_needs_no_source(self):
        libraries(self.repo)
        self.repo.publish()
        self.succeed("arm64", "prog", *self.source())
        shutil.rmtree(self.repo.folder)
        self.assertIn("all there", self.succeed("arm64", "prog", "libc6"))

    def test_update_replaces_a_version(self):
        self.repo.add("tool", {"usr/bin/tool": "one", "usr/share/tool/old": "old", "lib/tool/moved": "same"})
        self.repo.publish()
        self.succeed("arm64", "tool", *self.source())
        self.repo.add("tool", {"usr/bin/tool": "two", "usr/lib/tool/moved": "same"}, version="2.0")
        self.repo.publish()
        self.assertIn("all there", self.succeed("arm64", "tool"))
        self.assertIn("1 package,", self.succeed("arm64", "--update"))
        self.assertEqual((self.tree / "usr/bin/tool").read_text(), "two")
        self.assertFalse((self.tree / "usr/share/tool").exists())
        self.assertEqual((self.tree / "usr/lib/tool/moved").read_text(), "same")
        self.assertIn("2.0", self.succeed("arm64", "--list"))

    def test_links_stay_inside_and_rights_are_the_users(self):
        outside = self.work / "outside"
        outside.mkdir()
        self.repo.add("links", {"etc/links.conf": "conf", "usr/bin/suid": "x"}, modes={"usr/bin/suid": 0o4755},
                      links={"usr/lib/links.conf": "/etc/links.conf", "usr/share/escape": str(outside)})
        self.repo.add("through", {"usr/share/escape/file": "x"}, depends="links")
        self.repo.publish()
        self.succeed("arm64", "links", *self.source())
        self.menura("arm64", "through")
        self.assertEqual(os.readlink(self.tree / "usr/lib/links.conf"), "../../etc/links.conf")
        self.assertEqual((self.tree / "usr/bin/suid").stat().st_mode & 0o7777, 0o755)
        self.assertEqual(list(outside.iterdir()), [])

    def test_folders_of_the_machine_do_not_hide_the_hosts(self):
        self.repo.add("base", {"etc/base": "x", "tmp/x": "x", "usr/share/base/x": "x"})
        tree = self.repo.folder / "build/base_1.0"
        for folder in ("proc", "home", "var/log", "usr/share/empty"):
            (tree / folder).mkdir(parents=True)
        repository.run("dpkg-deb", "--root-owner-group", "-b", tree, self.repo.file("base"))
        self.repo.publish()
        self.succeed("arm64", "base", *self.source())
        self.assertEqual(sorted(path.name for path in self.tree.iterdir()), ["bin", "etc", "lib", "sbin", "usr", "var"])
        self.assertFalse((self.tree / "var/log").exists())
        self.assertTrue((self.tree / "usr/share/empty").exists())

    def test_alternatives_of_the_highest_priority(self):
        script = textwrap.dedent("""\
            update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/{0} {1} \\
              --slave /usr/share/awk.1 awk.1 /usr/share/{0}.1 || true
            """)
        for name, priority in (("mawk", 5), ("gawk", 10), ("oawk", 1)):
            self.repo.add(name, {f"usr/bin/{name}": name, f"usr/share/{name}.1": name}, postinst=script.format(name, priority))
        self.repo.publish()
        for name, expected in (("mawk", "mawk"), ("gawk", "gawk"), ("oawk", "gawk")):
            self.succeed("arm64", name, *self.source())
            self.assertEqual((self.tree / "usr/bin/awk").read_text(), expected)
            self.assertEqual((self.tree / "usr/share/awk.1").read_text(), expected)

    def test_dry_run_changes_nothing(self):
        libraries(self.repo)
        self.repo.publish()
        output = self.succeed("arm64", "prog", "--dry-run", *self.source())
        self.assertIn(f"file:{self.repo.folder}/pool/prog_1.0_arm64.deb\n", output)
        self.assertIn("3 packages", output)
        self.no_sysroot()

    def test_remove(self):
        libraries(self.repo)
        self.repo.publish()
        self.succeed("arm64", "prog", *self.source())
        self.succeed("arm64", "--remove")
        self.no_sysroot()
        self.fail_with("there is no sysroot", "arm64", "--remove", status=127)

    def test_two_at_once(self):
        libraries(self.repo)
        self.repo.publish()
        runs = [subprocess.Popen([MENURA, "sysroot", "arm64", name, *self.source()], env=self.environment(), stderr=subprocess.PIPE, text=True)
                for name in ("prog", "other")]
        for started in runs:
            self.assertEqual(started.wait(120), 0, started.stderr.read())
            started.stderr.close()
        self.assertEqual(self.installed(), ["libc6", "libfoo1", "other", "prog"])

    # The user's own sources.

    def test_user_sources_restricted_to_the_host(self):
        libraries(self.repo)
        self.repo.publish()
        (self.work / "etc/sources.list").write_text(
            f"# a comment\ndeb-src file:/nowhere test main\ndeb [arch=amd64 signed-by={self.key.file}] file:{self.repo.folder} test main\n")
        self.succeed("arm64", "prog")

    def test_user_sources_in_deb822_format(self):
        libraries(self.repo)
        self.repo.publish()
        key = "".join(f" {line or '.'}\n" for line in subprocess.run(
            ["gpg", "--homedir", self.key.home, "--armor", "--export"], check=True, capture_output=True, text=True).stdout.splitlines())
        (self.work / "etc/sources.list.d/a.sources").write_text(
            "Types: deb\nURIs: file:/nowhere\nSuites: test\nComponents: main\nArchitectures: amd64\n\n"
            f"# for us\nTypes: deb deb-src\nURIs: file:{self.repo.folder}\nSuites: test\nComponents: main\nSigned-By:\n{key}\n"
            "Types: deb\nURIs: file:/nowhere\nSuites: test\nComponents: main\nEnabled: no\n")
        self.succeed("arm64", "prog")

    def test_user_hooks_do_not_run(self):
        libraries(self.repo)
        self.repo.publish()
        self.configure(f'APT::Update::Post-Invoke {{ "touch {self.work}/ran"; }}; APT::Update::Pre-Invoke {{ "touch {self.work}/ran"; }};')
        self.succeed("arm64", "prog", *self.source())
        self.assertFalse((self.work / "ran").exists())

    def test_no_sources(self):
        self.fail_with("no package sources", "arm64", "prog")

    # What is refused, and what it leaves: nothing.

    def test_bad_command_lines(self):
        self.fail_with("no architecture that Menura runs; expected arm64 or riscv64", "mips", "prog")
        self.fail_with("Debian's name is arm64", "aarch64", "prog")
        self.fail_with("no packages given", "arm64")
        self.fail_with("no architecture given")
        self.fail_with("--nonsense", "arm64", "--nonsense")
        self.fail_with("takes no packages", "arm64", "--remove", "prog")
        self.fail_with("is no package's name", "arm64", "prog", "libc6-")
        self.fail_with("No such file", "arm64", "prog", "--keyring", str(self.work / "none"))

    def test_unknown_package(self):
        libraries(self.repo)
        self.repo.publish()
        self.fail_with("no package 'porg' for arm64; did you mean prog?", "arm64", "porg", *self.source(), status=127)
        self.fail_with("no package 'zzzzzzzz' for arm64; `apt-cache search`", "arm64", "prog", "zzzzzzzz", *self.source(), status=127)
        self.no_sysroot()

    def test_unmet_dependency(self):
        self.repo.add("broken", {"usr/bin/broken": "x"}, depends="absent")
        self.repo.publish()
        self.assertIn("absent", self.fail_with("do not go together", "arm64", "broken", *self.source()))
        self.no_sysroot()

    def test_architecture_that_the_source_lacks(self):
        libraries(self.repo)
        self.repo.publish()
        self.fail_with("menura sysroot riscv64 --suite trixie", "riscv64", "prog", *self.source())

    def test_signature_by_another_key(self):
        libraries(self.repo)
        self.repo.publish()
        other = repository.Key(self.work / "other-key")
        self.addCleanup(other.close)
        self.fail_with("Nothing unsigned is taken", "arm64", "prog", *self.source(keyring=other.file))
        self.no_sysroot()

    def test_release_without_signature(self):
        libraries(self.repo)
        self.repo.publish()
        (self.repo.folder / "dists/test/InRelease").unlink()
        self.fail_with("Nothing unsigned is taken", "arm64", "prog", *self.source())
        self.no_sysroot()

    def test_changed_index(self):
        libraries(self.repo)
        self.repo.publish()
        index = self.repo.folder / "dists/test/main/binary-arm64/Packages"
        index.write_text(index.read_text().replace("for a test", "for a best"))
        self.fail_with("cannot be fetched", "arm64", "prog", *self.source())
        self.no_sysroot()

    def test_changed_package(self):
        libraries(self.repo)
        self.repo.publish()
        package = self.repo.file("libfoo1")
        data = bytearray(package.read_bytes())
        data[-1] ^= 1
        package.write_bytes(data)
        self.fail_with("cannot be downloaded", "arm64", "prog", *self.source())
        self.no_sysroot()

    def test_missing_package_file_leaves_the_old_sysroot(self):
        libraries(self.repo)
        self.repo.publish()
        self.succeed("arm64", "prog", *self.source())
        self.repo.file("other").unlink()
        self.fail_with("cannot be downloaded", "arm64", "other")
        self.assertEqual(self.installed(), ["libc6", "libfoo1", "prog"])

    def test_no_server(self):
        self.fail_with("Is the network up?", "arm64", "prog", *self.source(url="http://127.0.0.1:1"))
        self.no_sysroot()

    def test_download_that_is_cut_off_can_be_resumed(self):
        libraries(self.repo)
        self.repo.publish()
        cut = True
        server = repository.Server(self.repo.folder, lambda path: "cut" if cut and "libfoo1" in path else None)
        self.addCleanup(server.close)
        self.fail_with("cannot be downloaded", "arm64", "prog", *self.source(url=server.url))
        self.no_sysroot()
        cut = False
        self.succeed("arm64", "prog", *self.source(url=server.url))
        self.assertEqual(self.installed(), ["libc6", "libfoo1", "prog"])

    def test_killed_while_downloading(self):
        libraries(self.repo)
        self.repo.publish()
        stall = True
        server = repository.Server(self.repo.folder, lambda path: "stall" if stall and "libfoo1" in path else None)
        self.addCleanup(server.close)
        started = subprocess.Popen([MENURA, "sysroot", "arm64", "prog", *self.source(url=server.url)], env=self.environment(),
                                   stderr=subprocess.DEVNULL)
        self.assertTrue(server.stalled.wait(300))
        started.kill()
        started.wait()
        self.no_sysroot()
        stall = False
        self.succeed("arm64", "prog", *self.source(url=server.url))

    def killed_while_unpacking(self, number, *arguments):
        """Runs with a `tar` that kills Menura when it is asked to unpack for the `number`th time."""
        tools = self.work / "tools"
        shutil.rmtree(tools, ignore_errors=True)
        tools.mkdir()
        (tools / "tar").write_text(f"#!/bin/sh\necho $$ >{tools}/last\ncase \"$*\" in *--keep-directory-symlink*) echo x >>{tools}/count;; esac\n"
                                   f"[ $(cat {tools}/count | wc -l) -lt {number} ] || kill -9 $PPID\nexec {shutil.which('tar')} \"$@\"\n")
        (tools / "tar").chmod(0o755)
        self.assertEqual(self.menura(*arguments, PATH=f"{tools}:{os.environ['PATH']}").returncode, -9)
        with contextlib.suppress(OSError):  # the last tar ends by itself
            while pathlib.Path("/proc", (tools / "last").read_text().strip(), "cmdline").read_bytes():
                time.sleep(0.01)

    def test_killed_while_unpacking(self):
        libraries(self.repo)
        self.repo.publish()
        self.killed_while_unpacking(2, "arm64", "prog", *self.source())
        self.assertFalse(self.tree.exists())
        self.succeed("arm64", "prog", *self.source())
        self.repo.add("prog", {"usr/bin/prog": "new"}, version="2.0", modes={"usr/bin/prog": 0o755})
        self.repo.publish()
        self.killed_while_unpacking(1, "arm64", "prog", "--update", *self.source())
        self.assertEqual((self.tree / "usr/bin/prog").read_text(), "program")
        self.assertEqual(self.installed(), ["libc6", "libfoo1", "prog"])
        self.succeed("arm64", "--update", *self.source())
        self.assertEqual((self.tree / "usr/bin/prog").read_text(), "new")
        self.assertEqual(sorted(path.name for path in self.tree.parent.iterdir()), [".arm64.lock", "arm64"])

    def test_killed_between_the_renames(self):
        libraries(self.repo)
        self.repo.publish()
        self.succeed("arm64", "prog", *self.source())
        self.tree.rename(self.tree.parent / ".arm64.old")
        self.assertIn("all there", self.succeed("arm64", "prog"))
        self.assertEqual(self.installed(), ["libc6", "libfoo1", "prog"])

    def test_no_room(self):
        self.repo.add("huge", {"usr/bin/huge": "x"}, size=1 << 50)
        self.repo.publish()
        self.fail_with("are free on the disk", "arm64", "huge", *self.source())
        self.no_sysroot()

    def test_tool_that_is_missing(self):
        tools = self.work / "tools"
        tools.mkdir()
        for tool in ("apt-get", "apt-cache", "apt-config", "tar"):
            (tools / tool).symlink_to(shutil.which(tool))
        self.fail_with("needs dpkg-deb", "arm64", "prog", *self.source(), PATH=str(tools))

    def test_no_home(self):
        environment = {name: value for name, value in self.environment().items() if name not in ("XDG_CACHE_HOME", "HOME")}
        result = subprocess.run([MENURA, "sysroot", "arm64", "prog"], capture_output=True, text=True, env=environment)
        self.assertEqual(result.returncode, 125)
        self.assertIn("XDG_CACHE_HOME", result.stderr)


if __name__ == "__main__":
    MENURA = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
