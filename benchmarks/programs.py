"""What benchmarks/run measures: the guests, the programs of benchmarks/guest, and commands of Debian's packages."""
import dataclasses
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCES = ROOT / "benchmarks" / "guest"
OUT = ROOT / "build" / "benchmarks"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "menura"


@dataclasses.dataclass(frozen=True)
class Guest:
    name: str  # as Debian names the architecture
    reference: str
    cross: str
    without: tuple = ()  # groups that mean nothing to this guest

    @property
    def sysroot(self):
        return CACHE / "sysroot" / self.name


GUESTS = {guest.name: guest for guest in (
    Guest("riscv64", "qemu-riscv64-static", "riscv64-linux-gnu-", without=("simd",)),  # no vector extension yet
    Guest("arm64", "qemu-aarch64-static", "aarch64-linux-gnu-"),
)}

# Program -> the group whose geometric mean it counts in.
GROUPS = {
    "sieve": "integer", "sha256": "integer", "crc": "integer", "collatz": "integer", "hash_table": "integer",
    "compress": "integer", "words": "integer", "memory_copy": "memory", "pointer_chase": "memory",
    "fib": "calls", "queens": "calls", "callback_sort": "indirect", "bytecode": "indirect", "virtual_calls": "indirect",
    "libc_strings": "strings", "matmul": "fp", "nbody": "fp", "mandel": "fp", "spectral": "fp", "fft_float": "fp",
    "saxpy": "simd", "dot_product": "simd", "alpha_blend": "simd", "fir_int16": "simd", "motion_search": "simd", "base64": "simd",
    "matrix4": "simd", "threads": "threads", "syscalls": "system", "forks": "system", "hello": "start-up",
    "python_start": "debian", "true_loop": "debian",
}

# Compiler options of a group, and what the native build adds to them. Vector code is compared with vector code.
OPTIONS = {"simd": ["-O3"]}
NATIVE_OPTIONS = {"simd": ["-march=x86-64-v2"]}

# Commands of Debian's packages, from the guest's sysroot (`menura sysroot`): the packages, the guest program, its arguments.
# In arguments, RUN becomes what starts a guest's program from inside the guest: nothing for Menura, which follows execve; the
# emulator for the reference, which does not.
DEBIAN = {
    "python_start": (["python3-minimal", "python3"], "usr/bin/python3", ["-c", "import json, re, ast"]),
    "true_loop": (["dash", "coreutils"], "bin/dash", ["-c", "i=0; while [ $i -lt 1000 ]; do RUN /bin/true; i=$((i+1)); done"]),
}


class Missing(Exception):
    """A program cannot be measured here; the text says what to install."""


def available(guest):
    return [name for name, group in GROUPS.items() if group not in guest.without]


def compiled(name, guest):
    """Compiles a program of ours for the host and the guest; returns both paths."""
    source = next((SOURCES / (name + suffix) for suffix in (".c", ".cpp") if (SOURCES / (name + suffix)).exists()), None)
    if source is None:
        raise Missing(f"no program '{name}' in benchmarks/guest; there are: {' '.join(sorted(GROUPS))}")
    OUT.mkdir(parents=True, exist_ok=True)
    options = OPTIONS.get(GROUPS[name], ["-O2"])
    paths = []
    for prefix, kind in (("", "native"), (guest.cross, guest.name)):
        target = OUT / f"{name}.{kind}"
        newest = max(source.stat().st_mtime, (SOURCES / "bench.h").stat().st_mtime)
        if not target.exists() or target.stat().st_mtime < newest:
            compiler = prefix + ("g++" if source.suffix == ".cpp" else "gcc")
            if not shutil.which(compiler):
                raise Missing(f"{compiler} is missing; tools/install-packages installs it")
            more = NATIVE_OPTIONS.get(GROUPS[name], []) if kind == "native" else []
            subprocess.run([compiler, *options, *more, "-static", "-o", target, source, "-lm", "-lpthread"], check=True)
        paths.append(str(target))
    return paths


def commands(name, guest, menura, arguments):
    """The command lines that are measured against each other: native, reference, menura."""
    if name not in DEBIAN:
        native, program = compiled(name, guest)
        return {"native": [native, *arguments], "reference": [guest.reference, program, *arguments],
                "menura": [menura, "run", program, *arguments]}
    packages, path, words = DEBIAN[name]
    program, native, emulator = guest.sysroot / path, "/" + path, shutil.which(guest.reference)
    if not program.exists():
        raise Missing(f"{program} is missing; `menura sysroot {guest.name} {' '.join(packages)}` fetches it")
    if not os.access(native, os.X_OK):
        raise Missing(f"{native} is missing; apt-get install {' '.join(packages)}")
    sysroot = ["-L", str(guest.sysroot)]

    def filled(run):
        return [word.replace("RUN ", run) for word in words]
    return {"native": [native, *filled("")],
            "reference": [emulator, *sysroot, str(program), *filled(f"{emulator} -L {guest.sysroot} {guest.sysroot}")],
            "menura": [menura, "run", *sysroot, str(program), *filled("")]}
