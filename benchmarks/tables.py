"""What the tables of the benchmarks have in common: means by group, and their place in the top README."""
import math
import pathlib
import sys

import programs

TOOL = pathlib.Path(sys.argv[0]).name

# Rows of means below a table of programs: the title, the groups that count.
MEANS = (("integer, calls, memory, strings", ("integer", "calls", "indirect", "memory", "strings")),
         ("floating point", ("fp",)), ("SIMD", ("simd",)))


def fail(message):
    sys.exit(f"benchmarks/{TOOL}: {message}")


def geometric_mean(values):
    values = [value for value in values if value]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def means(rows, keys):
    """For each title of MEANS that has rows: the title and the geometric means of these keys."""
    for title, groups in MEANS:
        chosen = [row for row in rows.values() if row["group"] in groups]
        if chosen:
            yield title, [geometric_mean(row[key] for row in chosen) for key in keys]


def put_into_readme(guest, text, what):
    path = programs.ROOT / "README.md"
    begin, end = f"<!-- {what}, {guest}: made by benchmarks/{TOOL} --readme -->", f"<!-- end of {what}, {guest} -->"
    readme = path.read_text()
    if begin not in readme or end not in readme:
        fail(f"README.md lacks the lines '{begin}' and '{end}'")
    head, rest = readme.split(begin, 1)
    path.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}")
