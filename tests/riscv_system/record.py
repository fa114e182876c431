#!/usr/bin/env python3
"""Records what the programs of this folder print (expected/): runs them on qemu-system-riscv64 7.2 and applies the
corrections below, where QEMU does not do what the manual says or has more than Menura.

  record.py BUILD_FOLDER           records
  record.py BUILD_FOLDER --check   says what would change
"""
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent
COMMAND = ["qemu-system-riscv64", "-M", "virt", "-m", "128", "-cpu", "rv64,h=off,sstc=on,svinval=on,svpbmt=on", "-bios", "none",
           "-nographic", "-kernel"]
HARTS = {"harts": 3, "shootdown": 3}  # 1 in the others

# (program, pattern, replacement, why); sections are those of the Privileged manual, 20240411.
CORRECTIONS = [
    ("traps", r"^amo: (.) cause 5 ", r"amo: \1 cause 7 ", "3.1.15: an AMO reports what a store would"),
    ("traps", r"^misaligned amo: (.) cause 4 ", r"misaligned amo: \1 cause 6 ", "3.1.15, as above"),
    ("traps", r"^misaligned sc: . cause \d+ tval 0x0 epc \+8\n(  after: MPP ).*\n",
     None, "Volume I, 14.2: the address must be aligned, whether there is a reservation or not"),
    ("traps", r"(-- sret in M clears MPRV\n.*\n.*MPRV )1", r"\g<1>0", "3.1.6.3: mret and sret to a level below M clear it"),
    ("traps", r"(-- mret clears MPRV below M\n.*\n.*MPRV )1(\n.*\n.*MPRV )1", r"\g<1>0\g<2>0", "as above"),
    ("traps", r"^([ms]epc) 0xffffffffffffffff$", r"\1 0xfffffffffffffffe", "3.1.14: the lowest bit is always 0"),
    ("interrupts", r"^mie 0x2eee$", "mie 0xaaa", "without Sscofpmf and the hypervisor extension"),
    ("interrupts", r"^mideleg 0x2666$", "mideleg 0x222", "as above"),
    ("interrupts", r"^mip 0x2666$", "mip 0x222", "as above"),
    ("interrupts", r"^  a0 0x2222$", "  a0 0x222", "as above"),
    ("interrupts", r"^mie 0x2222$", "mie 0x222", "as above"),
    ("interrupts", r"^(all in M: M interrupt )1 ", r"\g<1>3 ", "3.1.9: MEI, MSI, MTI, SEI, SSI, STI; QEMU goes by number"),
    ("interrupts", r"^(without MSI: M interrupt )1 ", r"\g<1>7 ", "as above"),
    ("interrupts", r"^(without MTI: M interrupt )1 ", r"\g<1>9 ", "as above"),
    ("interrupts", r"^(all of S delegated: S interrupt )1 ", r"\g<1>9 ", "as above"),
    ("csrs", r"^0x24d\n", "", "vstimecmp: no hypervisor extension"),
    ("csrs", r"^0xb02-0xb12$", "0xb02-0xb1f", "3.1.10: there are 29 mhpmcounters, if only to read as 0"),
    ("csrs", r"^0xc00-0xc12$", "0xc00-0xc1f", "Volume I, 8.2: and 29 hpmcounters"),
    ("csrs", r"(-- written in \w\n(?:0x.*\n)*?)0xc00-0xc1f\n", r"\1",
     "Volume I, 7.1: csrrs with a register other than x0 writes, even if it holds 0"),
    ("csrs", r"(-- written in M\n(?:0x.*\n)*?)0xf11-0xf15\n", r"\1", "as above"),
    ("csrs", r"^medeleg 0xf0bfff ", "medeleg 0xb3ff ", "3.1.8: not ecall from M; no hypervisor extension"),
    ("csrs", r"^mideleg 0x2666 ", "mideleg 0x222 ", "without Sscofpmf and the hypervisor extension"),
    ("csrs", r"^mie 0x2eee ", "mie 0xaaa ", "as above"),
    ("csrs", r"^sie 0x2222 ", "sie 0x222 ", "as above"),
    ("csrs", r"^([ms]epc) 0xffffffffffffffff ", r"\1 0xfffffffffffffffe ", "3.1.14: the lowest bit is always 0"),
    ("csrs", r"^stvec 0x\w+ ", "stvec 0xfffffffffffffffd ", "12.1.2: WARL; QEMU keeps what was there, we clear bit 1"),
    ("csrs", r"^([ms]counteren) 0xffffffffffffffff ", r"\1 0xffffffff ", "3.1.11: 32 bits"),
    ("csrs", r"^mcountinhibit 0xffffffffffffffff ", "mcountinhibit 0x5 ", "3.1.12: the other counters do not move"),
    ("csrs", r"^menvcfg_ 0xc0", "menvcfg_ 0xe0", "3.1.18: Svadu's ADUE"),
    ("csrs", r"^sstatus 0x80000003000c6722 0x300000000$", "sstatus 0x80000002000c6122 0x200000000",
     "12.1.1: UXL holds 2 only; no vector extension"),
    ("csrs", r"^pmpaddr15 0xffffffffffffffff ", "pmpaddr15 0x3fffffffffffff ", "3.7.1: 54 bits"),
    ("csrs", r"^ones 0x800000cb007e7faa$", "ones 0x8000000a007e79aa",
     "3.1.6: UXL, SXL and MPP hold what exists only; no vector extension, no GVA and MPV"),
    ("csrs", r"^zeros 0xb00000000$", "zeros 0xa00000000", "as above"),
    ("csrs", r"^MPP 0x2$", "MPP 0x3", "as above: it stays as it was"),
    ("paging", r"^bit: M cause 9 tval 0x0 epc \+4$", "bit: M cause 13 tval 0xc0201000 epc +0",
     "12.4.1: reserved; 12.3.2, step 3: a page fault"),
    ("paging", r"^pointer: M cause 9 tval 0x0 epc \+4\n(?=pointer: M cause 9 tval 0x0 epc \+4\npointer: M cause 13)",
     "pointer: M cause 13 tval 0xc0201000 epc +0\n", "bits 61 and 62, as above"),
    ("paging", r"^pointer: M cause 9 tval 0x0 epc \+4\n(?=pointer: M cause 13 tval 0xc0201000 epc \+0\npointer: M cause 13 )",
     "pointer: M cause 13 tval 0xc0201000 epc +0\n", "as above"),
    ("paging", r"^pointer to nowhere: M cause 13 ", "pointer to nowhere: M cause 5 ",
     "12.3.2, step 2: an access-fault exception"),
    ("pmp", r"^config 0x12$", "config 0x10", "3.7.1: R = 0 with W = 1 is reserved"),
    ("pmp", r"^config 0x16$", "config 0x14", "as above"),
    ("pmp", r"^load: M cause 2 tval 0x30200073 epc 0x\w+$", "load: M cause 1 tval {code_load} epc +0",
     "3.7.1.3: the fetch fails; QEMU calls mret illegal"),
    ("translations", r"^(0[123]|13) cause 0x9$", r"\1 cause 0xd",
     "12.4.1, chapter 14 (Svpbmt): reserved where menvcfg.PBMTE is clear; 3 always is"),
    ("translations", r"^0 cause 0x9\n  entry 0x47$", "0 cause 0xd\n  entry 0x7",
     "3.1.18: with menvcfg.ADUE clear, a page fault; QEMU 7.2 does not know it"),
    ("translations", r"^2 cause 0x9\n  entry 0xc7$", "2 cause 0xd\n  entry 0x87", "as above"),
    ("counters", r"^off, past 0x20$", "off, past 0x0", "16.3: with STCE clear, stimecmp raises nothing"),
    ("harts", r"^the same value: sc fails 0x0$", "the same value: sc fails 0x1",
     "Volume I, 13.2: another hart's store to the reservation set; QEMU compares values"),
    ("float", r"^feq.d: .*$", "feq.d: 2/00 8/31 8/31 8/31 2/00 9/31 9/31 9/31 2/00 11/31 11/31 11/31",
     "3.1.6.6: it may raise invalid; calling the state dirty is always right"),
]


def symbols(elf):
    listing = subprocess.run(["riscv64-linux-gnu-nm", elf], capture_output=True, text=True, check=True).stdout
    return {line.split()[2]: hex(int(line.split()[0], 16)) for line in listing.splitlines() if len(line.split()) == 3}


def misaligned_sc(output, elf):
    """The lines of misaligned sc: as those of the misaligned amo before, but for address and offset."""
    data = int(symbols(elf)["aligned_data"], 16)
    lines = output.split("\n")
    base = 0x40
    level = "M"
    for i, line in enumerate(lines):
        if line.startswith("-- "):
            base = data if "memory" in line else 0x40
        if line.startswith("misaligned amo"):
            level, after = line.split()[2], lines[i + 1]
        if line.startswith("misaligned sc"):
            lines[i] = f"misaligned sc: {level} cause 6 tval {hex(base + 1)} epc +4"
            lines[i + 1] = after
    return "\n".join(lines)


def record(elf):
    program = elf.stem
    run = subprocess.run([*COMMAND, str(elf), "-smp", str(HARTS.get(program, 1))], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=True)
    output = run.stdout.decode().replace("\r", "")
    for name, pattern, replacement, _ in CORRECTIONS:
        if name != program:
            continue
        if not re.search(pattern, output, re.M):
            print(f"{program}: nothing to correct: {pattern}")
        elif replacement is None:
            output = misaligned_sc(output, elf)
        else:
            text = re.sub(r"\{(\w+)\}", lambda m: symbols(elf)[m.group(1)], replacement)
            output = re.sub(pattern, text, output, flags=re.M)
    return output


def main():
    build = pathlib.Path(sys.argv[1])
    for elf in sorted(build.glob("*.elf")):
        output = record(elf)
        place = FOLDER / "expected" / (elf.stem + ".txt")
        if "--check" not in sys.argv:
            place.write_text(output)
        elif place.read_text() != output:
            print(f"{elf.stem}: differs")


main()
