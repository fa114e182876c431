#include "tests/isa/vector.h"

#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <stdexcept>

namespace menura::tests {
namespace {

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// What does not fit in 64 bits is written in two halves: 0x1_0000000000000000.
std::string hex(Value value) {
  const auto low = static_cast<uint64_t>(value);
  const auto high = static_cast<uint64_t>(value >> 64);
  std::ostringstream text;
  if (value < 10) {
    text << low;
  } else if (high == 0) {
    text << "0x" << std::hex << low;
  } else {
    text << "0x" << std::hex << high << "_" << std::setw(16) << std::setfill('0') << low;
  }
  return text.str();
}

// A number, or data, data+n, data-n for an address.
uint64_t number(const std::string& text) {
  const bool is_data = text.rfind("data", 0) == 0;
  const std::string digits = is_data ? text.substr(4) : text;
  if (digits.empty()) return kData;
  char* end = nullptr;
  const bool negative = digits[0] == '-';
  const char* start = digits.c_str() + (digits[0] == '-' || digits[0] == '+' ? 1 : 0);
  uint64_t value = std::strtoull(start, &end, 0);
  if (end == start || *end != 0) throw std::runtime_error("'" + text + "' is no number");
  if (negative) value = -value;
  return is_data ? kData + value : value;
}

// A number of one or, with a _ before the lower 16 digits, of two halves.
Value wide_number(const std::string& text) {
  const size_t bar = text.find('_');
  if (bar == text.npos) return number(text);
  if (text.size() - bar - 1 != 16) throw std::runtime_error("'" + text + "': 16 digits were expected behind the _");
  return static_cast<Value>(number(text.substr(0, bar))) << 64 | number("0x" + text.substr(bar + 1));
}

End end_named(const std::string& text) {
  for (const End end : {End::Breakpoint, End::Illegal, End::Misaligned, End::Fault}) {
    if (text == name(end)) return end;
  }
  throw std::runtime_error("'" + text + "' is no end: breakpoint, illegal, misaligned or fault was expected");
}

State parse_state(std::string_view text, uint64_t pc) {
  State state;
  state.pc = pc;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals == word.npos) throw std::runtime_error("'" + word + "' should be name=value");
    const std::string key = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (key == "exit") {
      state.end = end_named(value);
    } else if (key == "pc") {
      state.pc = kCode + number(value);
    } else if (key == "address") {
      state.address = number(value);
    } else if (key.front() == '[' && key.back() == ']') {
      const uint64_t offset = number(key.substr(1, key.size() - 2));
      if (offset % 8 != 0 || offset >= kPageBytes) throw std::runtime_error(key + " is no doubleword of the data page");
      state.data[offset] = number(value);
    } else {
      state.registers[key] = wide_number(value);
    }
  }
  return state;
}

std::string format_state(const State& state) {
  std::string text;
  for (const auto& [name, value] : state.registers) text += " " + name + "=" + hex(value);
  for (const auto& [offset, value] : state.data) text += " [" + std::to_string(offset) + "]=" + hex(value);
  return text;
}

std::string signed_offset(uint64_t value) {
  const auto offset = static_cast<int64_t>(value);
  return (offset < 0 ? "-" : "+") + hex(static_cast<uint64_t>(offset < 0 ? -offset : offset));
}

}  // namespace

std::string_view name(End end) {
  constexpr std::string_view names[] = {"breakpoint", "illegal", "misaligned", "fault"};
  return names[static_cast<unsigned>(end)];
}

std::vector<Line> read_vectors(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<Line> lines;
  for (std::string text; std::getline(file, text);) {
    Line line;
    line.text = text;
    const std::string_view content = trim(text);
    if (!content.empty() && content[0] != '#') {
      try {
        const size_t bar = content.find('|');
        if (bar == content.npos) throw std::runtime_error("'assembly | input state => output state' was expected");
        const size_t arrow = content.find("=>", bar);
        line.is_vector = true;
        line.vector.assembly = trim(content.substr(0, bar));
        line.vector.input = parse_state(content.substr(bar + 1, arrow - bar - 1), 0);
        line.vector.recorded = arrow != content.npos;
        // pc = 0 stands for "right behind the code" until the code's length is known.
        if (line.vector.recorded) line.vector.output = parse_state(content.substr(arrow + 2), 0);
      } catch (const std::runtime_error& error) {
        throw std::runtime_error(path + ":" + std::to_string(lines.size() + 1) + ": " + error.what());
      }
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string format(const Vector& vector, unsigned code_bytes) {
  std::string text = vector.assembly + " |" + format_state(vector.input);
  if (!vector.recorded) return text;
  text += " =>" + format_state(vector.output);
  if (vector.output.end != End::Breakpoint) text += " exit=" + std::string(name(vector.output.end));
  if (vector.output.end == End::Fault) text += " address=" + hex(vector.output.address);
  if (vector.output.pc != kCode + code_bytes) text += " pc=" + signed_offset(vector.output.pc - kCode);
  return text;
}

}  // namespace menura::tests
