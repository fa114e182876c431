"""The decode tables as data: reads INST(name, "pattern", FEATURE, "assembly") rows and draws random instruction words from them.

The pattern language is that of frontends/common/pattern.h.
"""
import pathlib
import re

INST = re.compile(r'INST\(\s*(\w+),\s*((?:"[^"]*"\s*)+),\s*([^"]*?),\s*((?:"[^"]*"\s*)+)\)')


def strings(text):
    return "".join(re.findall(r'"([^"]*)"', text))


class Row:
    """One instruction: fixed bits, and fields as lists of (word bit, field bit, count)."""

    def __init__(self, name, pattern, feature, assembly, widths):
        self.name, self.pattern, self.feature, self.assembly = name, pattern, feature, assembly
        self.fields, self.excluded, pieces, total = {}, [], [], 0
        for token in pattern.split():
            if token[0] in "01-":
                pieces.append((token, None, len(token)))
                total += len(token)
                continue
            match = re.fullmatch(r"([^\[!]+)(?:\[([^\]]*)\])?(?:!=(.*))?", token)
            if not match:
                raise ValueError(f"{name}: '{token}' in '{pattern}' is no field")
            field, slices, forbidden = match.groups()
            if slices is None:
                if field not in widths:
                    raise ValueError(f"{name}: the width of field '{field}' is not known")
                slices = f"{widths[field] - 1}:0"
            bounds = [tuple(int(x) for x in (part.split(":") * 2)[:2]) for part in slices.split("|")]
            width = sum(high - low + 1 for high, low in bounds)
            pieces.append((field, bounds, width))
            total += width
            for value in re.findall(r"\d+", forbidden or ""):
                self.excluded.append((field, int(value)))
        self.bits, at = total, total
        self.match = self.ignored = 0  # ignored: the bits written as -
        for token, bounds, width in pieces:
            at -= width
            if bounds is None:
                self.match |= int(token.replace("-", "0"), 2) << at
                self.ignored |= int(token.replace("1", "0").replace("-", "1"), 2) << at
                continue
            above = at + width
            for high, low in bounds:
                above -= high - low + 1
                self.fields.setdefault(token, []).append((above, low, high - low + 1))
        for field in self.fields:
            if field.startswith("nz"):
                self.excluded.append((field, 0))

    def field_bits(self, field):
        return max(low + count for _, low, count in self.fields[field])

    def field_mask(self, field):
        return sum(((1 << count) - 1) << low for _, low, count in self.fields[field])

    def encode(self, values):
        """The word with these field values ("-": what is ignored), or None if the row excludes them."""
        word = self.match | values.get("-", 0) & self.ignored
        for field, pieces in self.fields.items():
            for word_bit, low, count in pieces:
                word |= (values[field] >> low & ((1 << count) - 1)) << word_bit
        for field, value in self.excluded:
            if field in values and values[field] & self.field_mask(field) == value:
                return None
        return word


def read_rows(folder, widths):
    rows = []
    for path in sorted(pathlib.Path(folder).glob("*.inc")):
        text = re.sub(r"//.*", "", path.read_text())
        for name, pattern, feature, assembly in INST.findall(text):
            rows.append(Row(name, strings(pattern), feature.strip(), strings(assembly), widths))
    return rows
