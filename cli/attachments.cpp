#include "cli/attachments.h"

#include <cstdio>
#include <variant>

#include "boards/devices/devices.h"
#include "host/output_file.h"
#include "host/pty.h"
#include "host/slirp.h"
#include "host/socket_stream.h"
#include "host/tap.h"

namespace menura::cli {

Result<std::unique_ptr<host::CharStream>> make_stream(const std::string& text, const host::TerminalKeys& keys) {
  if (text == "stdio" || text == "mon:stdio") {
    return std::unique_ptr<host::CharStream>(std::make_unique<host::Terminal>(keys));
  }
  if (text == "null" || text == "none") return std::unique_ptr<host::CharStream>();
  if (text.starts_with("file:")) {
    auto file = host::OutputFile::open(text.substr(5));
    if (!file) return file.error();
    return std::unique_ptr<host::CharStream>(std::move(*file));
  }
  if (text == "pty") {
    auto pty = host::Pty::open();
    if (!pty) return pty.error();
    std::fprintf(stderr, "menura: the serial port is at %s\n", (*pty)->path().c_str());
    return std::unique_ptr<host::CharStream>(std::move(*pty));
  }
  if (text.starts_with("unix:") || text.starts_with("tcp:")) {
    auto socket = host::SocketStream::open(text);
    if (!socket) return socket.error();
    return std::unique_ptr<host::CharStream>(std::move(*socket));
  }
  return Error{"--serial " + text + ": expected stdio, null, pty, file:PATH, unix:PATH or tcp::PORT"};
}

Result<Attachments> Attachments::open(const BootOptions& options, const host::TerminalKeys& keys) {
  auto asked = parse_attachments(options);
  if (!asked) return asked.error();
  Attachments attachments;
  attachments.keys_ = keys;
  for (const AttachmentOption& option : *asked) {
    auto added = std::visit([&](const auto& one) { return attachments.add(one); }, option);
    if (!added) return added.error();
  }
  return attachments;
}

Result<void> Attachments::add(const DriveOption& option) {
  auto disk = host::DiskFile::open(option.file, option.read_only, option.sure_raw);
  if (!disk) return disk.error();
  boards::Attachment& attachment = list_.emplace_back();
  attachment.kind = &boards::kVirtioBlk;
  attachment.disk = disk->get();
  attachment.name = option.serial;
  attachment.write_through = option.write_through;
  disks_.push_back(std::move(*disk));
  return {};
}

Result<void> Attachments::add(const FlashOption& option) {
  auto disk = host::DiskFile::open(option.file, option.read_only, true);
  if (!disk) return disk.error();
  if (flashes_.size() <= option.unit) flashes_.resize(option.unit + 1);
  flashes_[option.unit] = disk->get();
  disks_.push_back(std::move(*disk));
  return {};
}

Result<void> Attachments::add(const NetOption& option) {
  boards::Attachment& attachment = list_.emplace_back();
  attachment.kind = &boards::kVirtioNet;
  // As QEMU counts them.
  attachment.mac[5] = static_cast<uint8_t>(attachment.mac[5] + links_.size());
  if (option.mac) attachment.mac = *option.mac;
  if (option.tap) {
    auto link = host::Tap::open(option.interface);
    if (!link) return link.error();
    links_.push_back(std::move(*link));
  } else {
    auto link = host::UserNetwork::make(option.user);
    if (!link) return link.error();
    links_.push_back(std::move(*link));
  }
  attachment.link = links_.back().get();
  return {};
}

Result<void> Attachments::add(const ShareOption& option) {
  auto folder = host::SharedFolder::open(option.folder, option.read_only);
  if (!folder) return folder.error();
  boards::Attachment& attachment = list_.emplace_back();
  attachment.kind = &boards::kVirtio9p;
  attachment.folder = folder->get();
  attachment.name = option.tag;
  folders_.push_back(std::move(*folder));
  return {};
}

Result<void> Attachments::add(const VsockOption& option) {
  auto ports = host::UnixPorts::open(option.socket);
  if (!ports) return Error{"--vsock: " + ports.error().message};
  boards::Attachment& attachment = list_.emplace_back();
  attachment.kind = &boards::kVirtioVsock;
  attachment.ports = ports->get();
  attachment.cid = option.cid;
  ports_.push_back(std::move(*ports));
  return {};
}

Result<void> Attachments::add(const BalloonOption&) {
  list_.emplace_back().kind = &boards::kVirtioBalloon;
  return {};
}

Result<void> Attachments::add(const RngOption&) {
  list_.emplace_back().kind = &boards::kVirtioRng;
  return {};
}

Result<void> Attachments::add(const ConsoleOption& option) {
  auto stream = make_stream(option.stream, keys_);
  if (!stream) return stream.error();
  boards::Attachment& attachment = list_.emplace_back();
  attachment.kind = &boards::kVirtioConsole;
  attachment.stream = stream->get();
  streams_.push_back(std::move(*stream));
  return {};
}

}  // namespace menura::cli
