#include "tests/ir/ir_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "ir/interp/fp.h"
#include "ir/text/parse.h"
#include "ir/verify/verify.h"

namespace menura::ir::test {

namespace {

using Words = std::array<uint64_t, 8>;

std::vector<Setting> read_settings(const std::string& text) {
  std::vector<Setting> settings;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    settings.push_back({word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1)});
  }
  return settings;
}

// A state struct with room for a guest's slots.
class State {
 public:
  explicit State(const TestGuest& guest)
      : guest_(guest), bytes_(new (std::align_val_t{64}) uint8_t[guest.layout().size]) {
    std::memset(bytes_.get(), 0, guest.layout().size);
    new (bytes_.get()) CpuHeader;
    // Registers hold something that no run expects by chance; i1 and types with unused bits stay proper values.
    for (const Slot& slot : guest.layout().slots) {
      if (slot.type == Type::I1 || slot.type == Type::F80) continue;
      for (unsigned i = 0; i < storage_bytes(slot.type); ++i) {
        at(slot)[i] = static_cast<uint8_t>(0xa5 + 37 * i + slot.offset);
      }
    }
  }
  CpuHeader& header() { return *reinterpret_cast<CpuHeader*>(bytes_.get()); }
  uint8_t* at(const Slot& slot) { return bytes_.get() + slot.offset; }
  void put(const Slot& slot, const Words& words) { std::memcpy(at(slot), words.data(), storage_bytes(slot.type)); }
  Words take(const Slot& slot) {
    Words words = {};
    std::memcpy(words.data(), at(slot), storage_bytes(slot.type));
    return words;
  }
  void copy_slots_from(State& other) {
    std::memcpy(bytes_.get() + sizeof(CpuHeader), other.bytes_.get() + sizeof(CpuHeader),
                guest_.layout().size - sizeof(CpuHeader));
  }

 private:
  struct Free {
    void operator()(uint8_t* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
  };
  const TestGuest& guest_;
  std::unique_ptr<uint8_t[], Free> bytes_;
};

std::string hex(const Words& words, unsigned size) {
  std::string text;
  for (unsigned i = size; i > 0; --i) {
    const auto byte = static_cast<uint8_t>(words[(i - 1) / 8] >> (i - 1) % 8 * 8);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return "0x" + text;
}

class Values {
 public:
  // The number in `text`; throws a message.
  static uint64_t number(const std::string& text) {
    std::size_t end = 0;
    const bool negative = text.starts_with('-');
    const uint64_t value = text.empty() ? 0 : std::stoull(negative ? text.substr(1) : text, &end, 0);
    if (end == 0 || end + (negative ? 1 : 0) != text.size()) throw "'" + text + "' is no number";
    return negative ? ~value + 1 : value;
  }

  static Words of_type(const std::string& text, Type type) {
    Words words = {};
    if (text.starts_with("0x")) {
      const std::size_t digits = text.size() - 2;
      if (digits > storage_bytes(type) * 2) throw "'" + text + "' has too many digits";
      for (std::size_t i = 0; i < digits; ++i) {
        words[i / 16] |= number("0x" + text.substr(text.size() - 1 - i, 1)) << i % 16 * 4;
      }
      return words;
    }
    if (type == Type::F32) {
      words[0] = std::bit_cast<uint32_t>(static_cast<float>(real(text)));
    } else if (type == Type::F64) {
      words[0] = std::bit_cast<uint64_t>(real(text));
    } else {
      words[0] = number(text);
      if (text.starts_with('-')) std::fill(words.begin() + 1, words.end(), ~uint64_t{0});
      if (bits(type) < 64) words[0] &= (uint64_t{1} << bits(type)) - 1;
    }
    return words;
  }

  static std::vector<uint8_t> bytes(const std::string& text) {
    std::vector<uint8_t> result;
    for (std::size_t i = 0; i < text.size(); i += 2) {
      result.push_back(static_cast<uint8_t>(number("0x" + text.substr(i, 2))));
    }
    return result;
  }

 private:
  static double real(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') throw "'" + text + "' is no number";
    return value;
  }
};

const char* fault_name(FaultKind kind) {
  constexpr std::array names = {"none", "unmapped", "protection", "bus", "misaligned"};
  return names[static_cast<unsigned>(kind)];
}

const char* access_name(Access access) {
  constexpr std::array names = {"read", "write", "execute"};
  return names[static_cast<unsigned>(access)];
}

uint64_t address_of(const std::string& name) { return Values::number(name.substr(1, name.size() - 2)); }

// Applies one side of a run to a state: the inputs before it, the expected outputs to compare with.
void apply(const std::vector<Setting>& settings, const TestGuest& guest, State& state, std::vector<uint8_t>& memory) {
  CpuHeader& cpu = state.header();
  for (const auto& [name, value] : settings) {
    if (name.starts_with('[')) {
      const std::vector<uint8_t> bytes = Values::bytes(value);
      const uint64_t at = address_of(name) - HostMemory::kData;
      if (at > memory.size() || bytes.size() > memory.size() - at) throw name + " is outside the memory of tests";
      std::copy(bytes.begin(), bytes.end(), memory.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (name == "flags") {
      cpu.mxcsr = fp_with_flags(cpu.mxcsr, static_cast<uint32_t>(Values::number(value)));
    } else if (name == "round") {
      cpu.mxcsr = fp_with_mode(cpu.mxcsr, static_cast<uint32_t>(Values::number(value)));
    } else if (name == "denormal") {
      cpu.fp_denormal = static_cast<uint32_t>(Values::number(value));
    } else if (name == "stop") {
      cpu.stop_request = static_cast<uint32_t>(Values::number(value));
    } else if (name == "budget") {
      cpu.budget = static_cast<int64_t>(Values::number(value));
    } else if (const auto slot = guest.layout().find(name)) {
      state.put(guest.layout().slot(*slot), Values::of_type(value, guest.layout().slot(*slot).type));
    }
  }
}

std::string actual(const std::string& name, const CpuHeader& cpu, const Region& region, const RegionOutcome& outcome) {
  const auto hex_number = [](uint64_t value) { return hex({value}, 8); };
  if (name == "pc") return std::to_string(static_cast<int64_t>(cpu.pc - region.identity.pc));
  if (name == "exit") return outcome.left ? std::string(ir::name(outcome.exit.kind)) : "none";
  if (name == "detail") return hex_number(outcome.exit.detail);
  if (name == "fault") return fault_name(outcome.exit.fault.kind);
  if (name == "address") return hex_number(outcome.exit.fault.address);
  if (name == "access") return access_name(outcome.exit.fault.access);
  if (name == "retired") return hex_number(cpu.retired);
  throw "'" + name + "' is neither a slot nor anything else that a run can expect";
}

bool expects(const IrRun& run, std::string_view name) {
  return std::any_of(run.after.begin(), run.after.end(), [&](const Setting& each) { return each.name == name; });
}

std::string compare(const IrCase& test, const IrRun& run, const TestGuest& guest, State& state, State& wanted,
                    const std::vector<uint8_t>& memory, const RegionOutcome& outcome) {
  const CpuHeader& cpu = state.header();
  std::string wrong;
  const auto differ = [&wrong](const std::string& what, const std::string& is, const std::string& expected) {
    wrong += "\n  " + what + " is " + is + ", expected " + expected;
  };
  if (outcome.left != expects(run, "exit")) differ("exit", actual("exit", cpu, test.region, outcome), "none");
  for (const Slot& slot : guest.layout().slots) {
    const Words is = state.take(slot);
    const Words expected = wanted.take(slot);
    const unsigned size = storage_bytes(slot.type);
    if (is != expected) differ(std::string(slot.name), hex(is, size), hex(expected, size));
  }
  const bool same_memory = std::memcmp(HostMemory::host(HostMemory::kData), memory.data(), memory.size()) == 0;
  for (std::size_t i = 0; i < memory.size() && !same_memory; ++i) {
    const uint8_t is = HostMemory::host(HostMemory::kData)[i];
    if (is == memory[i]) continue;
    differ("[" + hex({HostMemory::kData + i}, 4) + "]", hex({is}, 1), hex({memory[i]}, 1));
  }
  const auto number = [](uint32_t value) { return std::to_string(value); };
  const uint32_t is_flags = fp_flags_of(cpu.mxcsr);
  const uint32_t wanted_flags = fp_flags_of(wanted.header().mxcsr);
  if (is_flags != wanted_flags) differ("flags", number(is_flags), number(wanted_flags));
  const uint32_t is_mode = fp_mode_of(cpu.mxcsr);
  const uint32_t wanted_mode = fp_mode_of(wanted.header().mxcsr);
  if (is_mode != wanted_mode) differ("round", number(is_mode), number(wanted_mode));
  const uint32_t wanted_denormal = wanted.header().fp_denormal;
  if (cpu.fp_denormal != wanted_denormal) differ("denormal", number(cpu.fp_denormal), number(wanted_denormal));
  constexpr std::array compared = {"flags", "round", "denormal"};
  for (const auto& [name, value] : run.after) {
    if (name.starts_with('[') || guest.layout().find(name)) continue;
    if (std::find(compared.begin(), compared.end(), name) != compared.end()) continue;
    const std::string is = actual(name, cpu, test.region, outcome);
    const bool numeric = is.starts_with("0x") || name == "pc";
    const bool same =
        numeric ? Values::number(is) == Values::number(value[0] == '+' ? value.substr(1) : value) : is == value;
    if (!same) differ(name, is, value);
  }
  return wrong;
}

}  // namespace

Result<std::vector<IrCase>> read_ir_file(const std::filesystem::path& path, const TestGuest& guest) {
  std::ifstream file(path);
  if (!file) return Error{path.string() + ": cannot be read"};
  std::vector<IrCase> cases;
  std::string text;  // of the case being read, with as many lines before it as the file has
  std::string error;
  const auto finish = [&] {
    if (cases.empty() || !error.empty()) return;
    Result<Region> region = parse(text, guest.layout(), guest.helpers());
    if (!region) {
      error = region.error().message;
    } else if (const std::string wrong = verify(*region, guest.layout(), guest.helpers()); !wrong.empty()) {
      error = "line " + std::to_string(cases.back().line) + ": " + wrong;
    } else {
      cases.back().region = std::move(*region);
    }
    if (cases.back().runs.empty()) error = "line " + std::to_string(cases.back().line) + ": a region without a run";
  };
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("region")) {
      finish();
      cases.push_back({number, {}, {}});
      text.assign(number - 1, '\n');
    }
    text += line + "\n";
    constexpr std::string_view kRun = "; run:";
    if (!line.starts_with(kRun)) continue;
    const std::size_t arrow = line.find("=>");
    if (arrow == std::string::npos || cases.empty()) {
      error = "line " + std::to_string(number) + ": found a run without '=>' or region";
      break;
    }
    cases.back().runs.push_back(
        {number, read_settings(line.substr(kRun.size(), arrow - kRun.size())), read_settings(line.substr(arrow + 2))});
  }
  finish();
  if (!error.empty()) return Error{path.filename().string() + ": " + error};
  return cases;
}

std::vector<std::filesystem::path> ir_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(MENURA_SOURCE_DIR "/tests/ir")) {
    if (entry.path().extension() == ".ir") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string check_run(const IrCase& test, const IrRun& run, RegionEngine& engine, const TestGuest& guest) {
  try {
    State state(guest);
    state.header().pc = test.region.identity.pc;
    state.header().mode = test.region.identity.mode;
    state.header().extra = test.region.identity.extra;
    std::vector<uint8_t> contents(HostMemory::kDataSize);
    apply(run.before, guest, state, contents);
    std::copy(contents.begin(), contents.end(), HostMemory::host(HostMemory::kData));
    State wanted(guest);
    wanted.copy_slots_from(state);
    wanted.header().mxcsr = state.header().mxcsr;
    apply(run.after, guest, wanted, contents);
    const bool count =
        std::any_of(run.before.begin(), run.before.end(), [](const Setting& each) { return each.name == "budget"; });
    if (count && !engine.counts()) return "";
    const RegionOutcome outcome = engine.run(state.header(), count);
    return outcome.refused ? "" : compare(test, run, guest, state, wanted, contents, outcome);
  } catch (const std::string& message) {
    return "\n  " + message;
  } catch (const std::exception&) {
    return "\n  a number in the run is out of range or none";
  }
}

}  // namespace menura::ir::test
