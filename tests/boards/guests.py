"""What tests of machines with Linux in them have in common: kernels, or the end of the test where there are none; checks."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COMPILERS = {"riscv64": "riscv64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}
CONSOLES = {"riscv64": "ttyS0", "arm64": "ttyAMA0"}
PATIENCE = 300  # seconds; the host may be busy
failures = []


def check(what, good):
    if not good:
        failures.append(what)
        print("FAILED:", what)


def skip(why):
    print(f"SKIPPED: {why}; nothing was tested")
    sys.exit(77)


def fetch(function, guest):
    """What a function of tools/guests/kernels.sh prints: a path."""
    done = subprocess.run(["bash", "-c", f". {ROOT}/tools/guests/kernels.sh; {function} {guest}"], capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr)
        skip(f"{function} {guest} failed")
    return pathlib.Path(done.stdout.strip())
