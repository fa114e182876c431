"""The machines that benchmarks/boot and benchmarks/machines start: each guest's, under Menura and under QEMU's system emulators."""
import dataclasses
import subprocess

import programs


@dataclasses.dataclass(frozen=True)
class Machine:
    console: str
    qemu: tuple
    modules: tuple = ("virtio_mmio", "virtio_blk", "virtio_net")  # of kernels that have them as modules


# Menura's virtio is version 2 over MMIO: QEMU's likewise.
MODERN = ("-global", "virtio-mmio.force-legacy=false")

MACHINES = {
    "riscv64": Machine("ttyS0", ("qemu-system-riscv64", "-M", "virt", *MODERN)),
    "arm64": Machine("ttyAMA0", ("qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on", *MODERN)),
}


def from_kernels(function, guest):
    """What a function of tools/guests/kernels.sh prints."""
    script = f'. "{programs.ROOT}/tools/guests/kernels.sh"; {function} {guest}'
    return subprocess.run(["bash", "-c", script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def make_initrd(guest, output, *options):
    subprocess.run([programs.ROOT / "tools/guests/initrd", "--guest", guest, "--output", output, *options], check=True)


def command(emulator, guest, kernel, initrd, cpus, *more):
    """The command line of a machine. emulator: ["menura", "boot", ...] or None for QEMU."""
    machine = MACHINES[guest]
    return [*(emulator or machine.qemu), "-kernel", kernel, "-initrd", initrd, "-append", f"console={machine.console} quiet",
            "-m", "512M", "-smp", str(cpus), "-nographic", *more]
