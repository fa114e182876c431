"""A Debian archive in a folder, made for a test: packages, index, signed release. Nothing of it comes from the network."""
import hashlib
import http.server
import pathlib
import subprocess
import threading


def run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


class Key:
    """A signing key of its own, in `folder`; `file` is what verifies its signatures."""

    def __init__(self, folder):
        self.home = pathlib.Path(folder)
        self.home.mkdir(mode=0o700)
        self.file = self.home / "key.gpg"
        run("gpg", "--homedir", self.home, "--batch", "--passphrase", "", "--quick-generate-key", "test@localhost", "rsa2048", "sign", "never")
        run("gpg", "--homedir", self.home, "--batch", "--output", self.file, "--export")

    def sign(self, source, target):
        run("gpg", "--homedir", self.home, "--batch", "--yes", "--clearsign", "--output", target, source)

    def close(self):
        run("gpgconf", "--homedir", self.home, "--kill", "all")


class Repository:
    """`publish` makes the index of all packages that were added."""

    def __init__(self, folder, key, architecture="arm64", suite="test"):
        self.folder, self.key, self.architecture, self.suite = pathlib.Path(folder), key, architecture, suite
        (self.folder / "pool").mkdir(parents=True)

    def add(self, name, files=None, version="1.0", links=None, depends="", postinst="", size=8, modes=None):
        """`files`: path in the package -> contents; `links`: path -> target."""
        tree = self.folder / "build" / f"{name}_{version}"
        (tree / "DEBIAN").mkdir(parents=True)
        for path, text in (files or {}).items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            target.chmod((modes or {}).get(path, 0o644))
        for path, to in (links or {}).items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(to)
        control = {"Package": name, "Version": version, "Architecture": self.architecture, "Maintainer": "test <test@localhost>",
                   "Installed-Size": size, "Depends": depends, "Description": f"{name} for a test"}
        (tree / "DEBIAN" / "control").write_text("".join(f"{key}: {value}\n" for key, value in control.items() if value != ""))
        if postinst:
            (tree / "DEBIAN" / "postinst").write_text("#!/bin/sh\nset -e\n" + postinst)
            (tree / "DEBIAN" / "postinst").chmod(0o755)
        run("dpkg-deb", "--root-owner-group", "-b", tree, self.file(name, version))

    def file(self, name, version="1.0"):
        return self.folder / "pool" / f"{name}_{version}_{self.architecture}.deb"

    def publish(self):
        suite = self.folder / "dists" / self.suite
        index = suite / "main" / f"binary-{self.architecture}" / "Packages"
        index.parent.mkdir(parents=True, exist_ok=True)
        listing = subprocess.run(["dpkg-scanpackages", "-m", "pool"], cwd=self.folder, check=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL).stdout
        index.write_bytes(listing)
        name = index.relative_to(suite)
        (suite / "Release").write_text(
            f"Suite: {self.suite}\nCodename: {self.suite}\nArchitectures: {self.architecture}\nComponents: main\n"
            f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {hashlib.sha256(listing).hexdigest()} {len(listing)} {name}\n")
        self.key.sign(suite / "Release", suite / "InRelease")


class Server:
    """Serves a folder over HTTP on this machine only. `trouble(path)` may answer "cut" (half of the file, then the connection
    ends) or "stall" (half of the file, then nothing until close())."""

    def __init__(self, folder, trouble=lambda path: None):
        server = self
        self.stalled, self.closing = threading.Event(), threading.Event()

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=str(folder))

            def log_message(self, *arguments):
                pass

            def copyfile(self, source, outputfile):
                what = trouble(self.path)
                if what is None:
                    super().copyfile(source, outputfile)
                    return
                data = source.read()
                outputfile.write(data[:len(data) // 2])
                outputfile.flush()
                self.close_connection = True
                if what == "stall":
                    server.stalled.set()
                    server.closing.wait(60)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
