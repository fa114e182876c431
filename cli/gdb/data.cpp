// Registers, memory, breakpoints and watchpoints.
#include <algorithm>

#include "cli/gdb/packet.h"
#include "cli/gdb/session.h"

namespace menura::cli::gdb {

namespace {

constexpr std::size_t kWidest = 64;  // bytes of a register

constexpr std::size_t bytes_of(const vcpu::DebugRegister& reg) { return reg.bits / 8; }

bool is_first_feature(std::span<const vcpu::DebugRegister> list, std::size_t index) {
  return std::string_view(list[index].feature) == list[0].feature;
}

constexpr uint64_t kPage = 4096;

}  // namespace

// --- registers. Those of the first feature come together, the others one by one as they are asked for.

void Session::read_all(Fields&) {
  const std::span<const vcpu::DebugRegister> list = target_.registers().list();
  ir::CpuHeader* const state = target_.state(thread());
  if (state == nullptr) return error();
  std::string text;
  for (std::size_t i = 0; i < list.size() && is_first_feature(list, i); ++i) {
    std::byte value[kWidest] = {};
    target_.registers().read(*state, i, value);
    append_hex(&text, value, bytes_of(list[i]));
  }
  send_(text);
}

void Session::write_all(Fields& rest) {
  const std::span<const vcpu::DebugRegister> list = target_.registers().list();
  ir::CpuHeader* const state = target_.state(thread());
  const std::vector<uint8_t> bytes = rest.bytes();
  if (state == nullptr) return error();
  std::size_t at = 0;
  for (std::size_t i = 0; i < list.size() && is_first_feature(list, i); ++i) {
    const std::size_t size = bytes_of(list[i]);
    if (bytes.size() - at < size) return error();
    target_.registers().write(*state, i, reinterpret_cast<const std::byte*>(bytes.data() + at));
    at += size;
  }
  ok();
}

void Session::read_register(Fields& rest) {
  const uint64_t number = rest.number();
  const std::span<const vcpu::DebugRegister> list = target_.registers().list();
  const auto reg = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.number == number; });
  ir::CpuHeader* const state = target_.state(thread());
  if (!rest.ok() || reg == list.end() || state == nullptr) return error();
  std::byte value[kWidest] = {};
  target_.registers().read(*state, static_cast<std::size_t>(reg - list.begin()), value);
  std::string text;
  append_hex(&text, value, bytes_of(*reg));
  send_(text);
}

void Session::write_register(Fields& rest) {
  const uint64_t number = rest.number();
  rest.expect('=');
  const std::vector<uint8_t> bytes = rest.bytes();
  const std::span<const vcpu::DebugRegister> list = target_.registers().list();
  const auto reg = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.number == number; });
  ir::CpuHeader* const state = target_.state(thread());
  if (!rest.ok() || reg == list.end() || state == nullptr || bytes.size() != bytes_of(*reg)) return error();
  target_.registers().write(*state, static_cast<std::size_t>(reg - list.begin()),
                            reinterpret_cast<const std::byte*>(bytes.data()));
  ok();
}

// --- memory

bool Session::read(uint64_t address, std::span<std::byte> data) {
  return physical_ ? target_.read_physical(address, data) : target_.read_memory(thread(), address, data);
}

bool Session::write(uint64_t address, std::span<const std::byte> data) {
  return physical_ ? target_.write_physical(address, data) : target_.write_memory(thread(), address, data);
}

// As much as there is, page by page.
void Session::read_memory(Fields& rest) {
  const uint64_t address = rest.number();
  rest.expect(',');
  const uint64_t length = std::min<uint64_t>(rest.number(), kLongestPayload / 2 - 1);
  if (!rest.ok()) return error();
  std::vector<std::byte> data(length);
  std::size_t done = 0;
  while (done < length) {
    const std::size_t part = std::min<uint64_t>(length - done, kPage - (address + done) % kPage);
    if (!read(address + done, std::span(data).subspan(done, part))) break;
    done += part;
  }
  if (done == 0 && length != 0) return error(14);
  std::string text;
  append_hex(&text, data.data(), done);
  send_(text);
}

void Session::write_memory(Fields& rest) {
  const uint64_t address = rest.number();
  rest.expect(',');
  const uint64_t length = rest.number();
  rest.expect(':');
  const std::vector<uint8_t> bytes = rest.bytes();
  if (!rest.ok() || bytes.size() != length) return error();
  write(address, std::as_bytes(std::span(bytes))) ? ok() : error(14);
}

void Session::write_binary(Fields& rest) {
  const uint64_t address = rest.number();
  rest.expect(',');
  const uint64_t length = rest.number();
  rest.expect(':');
  const std::string_view bytes = rest.rest();
  if (!rest.ok() || bytes.size() != length) return error();
  length == 0 || write(address, std::as_bytes(std::span(bytes))) ? ok() : error(14);
}

// --- breakpoints (types 0 and 1) and watchpoints (2 write, 3 read, 4 both): type,address,kind

void Session::change_points(Fields& rest, bool insert) {
  const uint64_t type = rest.number();
  rest.expect(',');
  const uint64_t address = rest.number();
  rest.expect(',');
  const uint64_t size = rest.number();
  if (!rest.ok()) return error();
  if (type > 4) return send_("");
  if (type < 2) {
    insert ? static_cast<void>(breakpoints_[address] = type == 1) : static_cast<void>(breakpoints_.erase(address));
    return ok();
  }
  constexpr uint64_t kMost = uint64_t{1} << 20;  // bytes
  if (size == 0 || size > kMost) return error();
  constexpr vcpu::WatchKind kKinds[] = {vcpu::WatchKind::Write, vcpu::WatchKind::Read, vcpu::WatchKind::Access};
  const vcpu::Watchpoint point{address, size, kKinds[type - 2]};
  const auto found = std::find(watchpoints_.begin(), watchpoints_.end(), point);
  if (insert && found == watchpoints_.end()) watchpoints_.push_back(point);
  if (!insert && found != watchpoints_.end()) watchpoints_.erase(found);
  ok();
}

}  // namespace menura::cli::gdb
