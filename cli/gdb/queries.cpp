// What there is: threads, descriptions, `monitor` commands.
#include <cstring>

#include "cli/gdb/packet.h"
#include "cli/gdb/session.h"
#include "cli/gdb/target_xml.h"

namespace menura::cli::gdb {

void Session::first_threads(Fields&) {
  std::string text;
  for (const uint64_t number : target_.threads()) text += (text.empty() ? "m" : ",") + hex_number(number);
  send_(text.empty() ? "l" : text);
}

void Session::more_threads(Fields&) { send_("l"); }

void Session::thread_extra(Fields& rest) {
  const uint64_t number = rest.number();
  if (!rest.ok() || target_.state(number) == nullptr) return error();
  send_(to_hex(target_.describe(number)));
}

// object:read:annex:offset,length
void Session::transfer(Fields& rest) {
  const std::string_view object = rest.until(':');
  if (rest.until(':') != "read") return send_("");
  const std::string_view annex = rest.until(':');
  const uint64_t offset = rest.number();
  rest.expect(',');
  const uint64_t length = rest.number();
  if (!rest.ok()) return error();
  std::string all;
  if (object == "features") {
    if (annex != "target.xml") return send_("E00");
    all = target_xml(target_.registers());
  } else if (object == "auxv" && !target_.executable().empty()) {
    const std::span<const std::byte> bytes = std::as_bytes(target_.auxiliary_vector());
    all.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  } else if (object == "exec-file" && !target_.executable().empty()) {
    all = target_.executable();
  } else {
    return send_("");
  }
  if (offset > all.size()) return error();
  // Escapes may double it.
  const std::string part = all.substr(offset, std::min<uint64_t>(length, kLongestPayload / 2 - 1));
  send_((offset + part.size() < all.size() ? "m" : "l") + part);
}

std::string Session::registers_text() {
  std::string text;
  ir::CpuHeader* const state = target_.state(thread());
  if (state == nullptr) return text;
  const std::span<const vcpu::DebugRegister> list = target_.registers().list();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::size_t size = list[i].bits / 8;
    uint8_t value[64] = {};
    if (size > sizeof value) continue;
    target_.registers().read(*state, i, reinterpret_cast<std::byte*>(value));
    std::string digits;
    for (std::size_t byte = size; byte-- > 0;) append_hex(&digits, &value[byte], 1);
    std::string name = list[i].name;
    name.resize(std::max<std::size_t>(name.size() + 1, 16), ' ');
    text += name + digits + "\n";
  }
  return text;
}

// gdb's `monitor`.
void Session::command(Fields& rest) {
  const std::vector<uint8_t> bytes = rest.bytes();
  const std::string line(bytes.begin(), bytes.end());
  std::optional<std::string> text;
  if (line == "help") {
    text = "help -- this text\ninfo registers -- all registers of the thread\n" + target_.command_help();
  } else if (line == "info registers") {
    text = registers_text();
  } else {
    text = target_.command(line);
  }
  if (!text) text = "'" + line + "' is not known; `monitor help` lists what is\n";
  constexpr std::size_t kPiece = kLongestPayload / 2 - 1;
  for (std::size_t at = 0; at < text->size(); at += kPiece) send_("O" + to_hex(text->substr(at, kPiece)));
  ok();
}

// As QEMU's: `maintenance packet Qqemu.PhyMemMode:1`.
void Session::physical_mode(Fields&) { send_(physical_ ? "1" : "0"); }

void Session::set_physical_mode(Fields& rest) {
  const uint64_t mode = rest.number();
  if (!rest.ok() || mode > 1 || !target_.executable().empty()) return error();
  physical_ = mode == 1;
  ok();
}

}  // namespace menura::cli::gdb
