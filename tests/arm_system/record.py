#!/usr/bin/env python3
"""Records what the programs of this folder print (expected/): runs them on qemu-system-aarch64 7.2 and applies the
corrections below, where QEMU does not do what the manual says or has less than Menura.

  record.py BUILD_FOLDER           records
  record.py BUILD_FOLDER --check   says what would change
"""
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent
COMMAND = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a76,pmu=off", "-m", "128",
           "-display", "none", "-serial", "stdio", "-monitor", "none"]
KERNEL = ["-smp", "2", "-kernel"]
OPTIONS = {"hypervisor": ["-machine", "virtualization=on", *KERNEL],
           "monitor": ["-machine", "virtualization=on,secure=on", "-bios"]}

DONE = "EL1 read done write done"
UNDEFINED = "EL1 read 0x2000000 write 0x2000000"
# (program, pattern, replacement, why); sections are those of the Arm Architecture Reference Manual, DDI 0487J.a.
CORRECTIONS = [
    ("exceptions", r"^daifset: 0x400 esr 0x620793e4 ", "daifset: 0x400 esr 0x620cd3e4 ",
     "D19.2.37, ISS of exception class 0x18: op2 is in bits 19 to 17, op1 in 16 to 14"),
    ("exceptions", r"^(EL2h|EL0h|AArch32)(: 0x200 esr 0x3a000000 elr \+0x0 spsr 0x)5003c5$", r"\1\g<2>1003c5",
     "SetPSTATEFromPSR (shared/functions/system): PSTATE.PAN comes from SPSR in an illegal return, too"),
    ("elements", r"^the same value: stxr fails 0x0$", "the same value: stxr fails 0x1",
     "B2.9.3: another observer's store leaves the exclusive access state; QEMU compares values"),
    ("registers", rf"^(DBGPRCR_EL1|DBGCLAIMSET_EL1|DBGCLAIMCLR_EL1)(: EL0 .*, ){UNDEFINED}", rf"\1\2{DONE}",
     "D19.3: they exist in every implementation"),
    ("registers", r"^(DBGAUTHSTATUS_EL1: EL0 .*, )EL1 read 0x2000000", r"\1EL1 read done", "as above"),
    ("hypervisor", r"^(.*: 0x200 esr 0x9)7c18(0.. .* spsr 0x3c9)$", r"\g<1>6000\2",
     "D19.2.37, ISV: 0 for faults of stage 1, also at EL2"),
    ("hypervisor", r"^(table: 0x400 esr 0x8200008)5 ", r"\g<1>7 ", "D8.2: the level is that of the walk of stage 2"),
    ("hypervisor", r"^(FAR_EL12 without E2H: 0x200) .*$", r"\1 esr 0x2000000 elr +0x0 spsr 0x3c9", "D19.2.40: UNDEFINED at EL2 then"),
    ("monitor", r"^routed (0x\w+)\nload: EL1 0x200 esr 0x96000010$",
     r"routed \1\nload: 0x400 esr 0x92000010 far \1 elr +0x0 spsr 0x3c5", "D19.2.116, SCR_EL3.EA (AArch64.Abort)"),
    ("registers", r"^(PMCR_EL0: EL0 ).*$", rf"\1read 0x2000000 write 0x2000000, {UNDEFINED}", "D19.5.8: without FEAT_PMUv3"),
    ("registers", r"^CNTKCTL_EL1 0xffffffffffffffff$", "CNTKCTL_EL1 0x3ff", "D19.12.12: without FEAT_ECV"),
    ("registers", r"^CONTEXTIDR_EL1 0xffffffffffffffff$", "CONTEXTIDR_EL1 0xffffffff", "D19.2.27: bits 63 to 32 are RES0"),
    ("registers", r"^VBAR_EL1 0xffffffffffffffe0$", "VBAR_EL1 0xfffffffffffff800", "D19.2.149: bits 10 to 0 are RES0"),
]


def record(elf):
    program = elf.stem
    run = subprocess.run(COMMAND + OPTIONS.get(program, KERNEL) + [str(elf)], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=True)
    output = run.stdout.decode().replace("\r", "")
    for name, pattern, replacement, _ in CORRECTIONS:
        if name != program:
            continue
        if not re.search(pattern, output, re.M):
            print(f"{program}: nothing to correct: {pattern}")
        output = re.sub(pattern, replacement, output, flags=re.M)
    return output


def main():
    for elf in sorted([*pathlib.Path(sys.argv[1]).glob("*.elf"), *pathlib.Path(sys.argv[1]).glob("*.bin")]):
        output = record(elf)
        place = FOLDER / "expected" / (elf.stem + ".txt")
        if "--check" not in sys.argv:
            place.parent.mkdir(exist_ok=True)
            place.write_text(output)
        elif place.read_text() != output:
            print(f"{elf.stem}: differs")


main()
