#include "cli/attachments.h"

#include <algorithm>
#include <string_view>

#include "boards/devices/devices.h"
#include "host/output_file.h"
#include "host/terminal.h"

namespace menura::cli {
namespace {

Error usage(const std::string& what) { return Error{what + "; `menura boot --help` lists the options"}; }

bool is_on(const std::string* value) {
  return value != nullptr && (*value == "on" || *value == "true" || *value == "yes");
}

std::string value_or(const KeyValues& values, const char* key, const char* otherwise) {
  const std::string* const found = values.get(key);
  return found != nullptr ? *found : otherwise;
}

// QEMU's names end in what a virtio device is attached by: it makes no difference here.
std::string_view without_bus(std::string_view name) {
  for (const std::string_view ending : {"-device", "-pci"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

// Drives of this interface are plugged in by a --device that names them.
bool waits_for_device(const KeyValues& drive) { return value_or(drive, "if", "virtio") == "none"; }

}  // namespace

Result<std::unique_ptr<host::CharStream>> make_stream(const std::string& text, std::function<void()> quit) {
  if (text == "stdio" || text == "mon:stdio") {
    return std::unique_ptr<host::CharStream>(std::make_unique<host::Terminal>(std::move(quit)));
  }
  if (text == "null" || text == "none") return std::unique_ptr<host::CharStream>();
  if (text.starts_with("file:")) {
    auto file = host::OutputFile::open(text.substr(5));
    if (!file) return file.error();
    return std::unique_ptr<host::CharStream>(std::move(*file));
  }
  return Error{"--serial " + text + ": expected stdio, null or file:PATH"};
}

Result<Attachments> Attachments::open(const BootOptions& options) {
  Attachments attachments;
  for (const KeyValues& drive : options.drives) {
    const std::string interface = value_or(drive, "if", "virtio");
    if (interface != "virtio" && interface != "none") {
      return usage("--drive " + drive.text() + ": if=" + interface + " is not known; expected virtio or none");
    }
    if (waits_for_device(drive)) continue;
    if (auto added = attachments.add_drive(drive, nullptr); !added) return added.error();
  }
  for (const KeyValues& device : options.devices) {
    if (auto added = attachments.add_device(options, device); !added) return added.error();
  }
  if (!options.nets.empty()) return usage("--net " + options.nets[0].text() + ": there is no network card yet");
  if (!options.shares.empty()) return usage("--share " + options.shares[0].text() + ": folders cannot be shared yet");
  return attachments;
}

Result<void> Attachments::add_drive(const KeyValues& drive, const KeyValues* device) {
  const std::string path = drive.get("file") != nullptr ? *drive.get("file") : drive.first();
  if (path.empty()) return usage("--drive " + drive.text() + ": expected file=PATH");
  const std::string format = value_or(drive, "format", "");
  if (!format.empty() && format != "raw") {
    return Error{"--drive " + drive.text() + ": format=" + format +
                 " cannot be read; expected raw, which `qemu-img convert -O "
                 "raw` makes"};
  }
  auto disk =
      host::DiskFile::open(path, is_on(drive.get("readonly")) || is_on(drive.get("read-only")), format == "raw");
  if (!disk) return disk.error();
  const std::string serial = value_or(drive, "serial", "");
  boards::Attachment attachment;
  attachment.kind = &boards::kVirtioBlk;
  attachment.disk = disk->get();
  attachment.name = device != nullptr ? value_or(*device, "serial", serial.c_str()) : serial;
  disks_.push_back(std::move(*disk));
  list_.push_back(std::move(attachment));
  return {};
}

Result<void> Attachments::add_device(const BootOptions& options, const KeyValues& device) {
  const std::string_view name = without_bus(std::string_view(device.text()).substr(0, device.text().find(',')));
  if (name == boards::kVirtioBlk.name) {
    const std::string id = value_or(device, "drive", "");
    const auto drive = std::find_if(options.drives.begin(), options.drives.end(), [&](const KeyValues& one) {
      return waits_for_device(one) && value_or(one, "id", "") == id;
    });
    if (id.empty() || drive == options.drives.end()) {
      return usage("--device " + device.text() + ": expected drive=ID of a --drive file=PATH,if=none,id=ID");
    }
    return add_drive(*drive, &device);
  }
  if (name == boards::kVirtioRng.name) {
    list_.push_back({.kind = &boards::kVirtioRng});
    return {};
  }
  if (name == boards::kVirtioConsole.name || name == "virtconsole") {
    auto stream = make_stream(value_or(device, "stream", "null"), {});
    if (!stream) return stream.error();
    boards::Attachment attachment;
    attachment.kind = &boards::kVirtioConsole;
    attachment.stream = stream->get();
    streams_.push_back(std::move(*stream));
    list_.push_back(std::move(attachment));
    return {};
  }
  // It has no properties: consoles have one port each.
  if (name == "virtio-serial") return {};
  return usage("--device " + device.text() + ": not known; expected " + boards::kVirtioBlk.name + ", " +
               boards::kVirtioConsole.name + " or " + boards::kVirtioRng.name);
}

}  // namespace menura::cli
