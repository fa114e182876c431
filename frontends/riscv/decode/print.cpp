#include "frontends/riscv/decode/print.h"

#include <array>

#include "frontends/common/pattern.h"
#include "frontends/riscv/state.h"
#include "frontends/riscv/system/csr.h"

namespace menura::riscv {
namespace {

constexpr std::array<std::string_view, kSlotCount> kSlotNames = {{
#define SLOT(id, name, type, pin, gdb) name,
#include "frontends/riscv/state.def"
#undef SLOT
}};

std::string_view x_name(uint64_t number) {
  return number == 0 ? "zero" : kSlotNames[x_slot(static_cast<unsigned>(number))];
}
std::string_view f_name(uint64_t number) { return kSlotNames[f_slot(static_cast<unsigned>(number))]; }

constexpr std::string_view kRounding[] = {"rne", "rtz", "rdn", "rup", "rmm", "5", "6", "dyn"};

// zfa: the constants of fli, table 30.
constexpr std::string_view kFliConstants[] = {"-1.0",
                                              "min",
                                              "1.52587890625e-05",
                                              "3.0517578125e-05",
                                              "0.00390625",
                                              "0.0078125",
                                              "0.0625",
                                              "0.125",
                                              "0.25",
                                              "0.3125",
                                              "0.375",
                                              "0.4375",
                                              "0.5",
                                              "0.625",
                                              "0.75",
                                              "0.875",
                                              "1.0",
                                              "1.25",
                                              "1.5",
                                              "1.75",
                                              "2.0",
                                              "2.5",
                                              "3.0",
                                              "4.0",
                                              "8.0",
                                              "16.0",
                                              "128.0",
                                              "256.0",
                                              "32768.0",
                                              "65536.0",
                                              "inf",
                                              "nan"};

std::string field_text(const frontends::PatternField& field, const frontends::Pattern& pattern, uint32_t word) {
  const uint64_t value = field.extract(word);
  switch (static_cast<FieldKind>(field.kind)) {
    case FieldKind::XReg:
      return std::string(x_name(value));
    case FieldKind::XRegC:
      return std::string(x_name(value + 8));
    case FieldKind::FReg:
      return std::string(f_name(value));
    case FieldKind::FRegC:
      return std::string(f_name(value + 8));
    case FieldKind::Signed: {
      // The upper immediates of lui and auipc print as the 20 bits that they fill.
      if (field.low == 12) {
        const int64_t wide = static_cast<int64_t>(value << (64 - field.width)) >> (64 - field.width);
        return std::to_string((wide >> 12) & 0xfffff);
      }
      return std::to_string(static_cast<int64_t>(value << (64 - field.width)) >> (64 - field.width));
    }
    case FieldKind::Unsigned:
      return std::to_string(value);
    case FieldKind::Rm:
      return ", " + std::string(kRounding[value]);
    case FieldKind::Aq:
      return value != 0 ? ".aq" : "";
    case FieldKind::Rl: {
      const frontends::PatternField* aq = pattern.find("aq");
      if (value == 0) return "";
      return aq != nullptr && aq->extract(word) != 0 ? "rl" : ".rl";
    }
    case FieldKind::Csr:
      return csr_name(static_cast<unsigned>(value));
    case FieldKind::FenceSet: {
      std::string text;
      for (unsigned i = 0; i < 4; ++i) {
        if ((value & (8U >> i)) != 0) text += "iorw"[i];
      }
      return text.empty() ? "0" : text;
    }
    case FieldKind::FliConstant:
      return std::string(kFliConstants[value]);
  }
  return {};
}

}  // namespace

std::string print(RowName name, uint32_t word) {
  if (name == RowName::None) return "<unknown>";
  const frontends::Row& found = row(name);
  const frontends::Pattern pattern = frontends::parse_pattern(found.pattern, kFields);
  std::string text;
  for (size_t at = 0; at < found.assembly.size(); ++at) {
    if (found.assembly[at] != '{') {
      text += found.assembly[at];
      continue;
    }
    const size_t end = found.assembly.find('}', at);
    std::string_view name_text = found.assembly.substr(at + 1, end - at - 1);
    // {rm=rne}: a mode that goes without saying, other than dyn.
    const bool silent_rne = name_text == "rm=rne";
    if (silent_rne) name_text = "rm";
    const frontends::PatternField* field = pattern.find(name_text);
    if (field != nullptr) {
      if (silent_rne) {
        const uint64_t mode = field->extract(word);
        if (mode != 0) text += ", " + std::string(kRounding[mode]);
      } else {
        text += field_text(*field, pattern, word);
      }
    }
    at = end;
  }
  return text;
}

}  // namespace menura::riscv
