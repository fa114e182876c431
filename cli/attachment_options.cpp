#include "cli/attachment_options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <set>
#include <string_view>

namespace menura::cli {
namespace {

// --- what all of them share

// One option as the user wrote it: its values, and what is to be said about it.
class Properties {
 public:
  Properties(const char* option, const KeyValues& values) : option_(option), values_(values) {}

  Error error(const std::string& what) const { return Error{option_ + " " + values_.text() + ": " + what}; }
  std::string first() const { return values_.first(); }
  std::string get(const std::string& key) const {
    const std::string* const value = values_.get(key);
    return value == nullptr ? "" : *value;
  }
  std::vector<std::string> all(const std::string& key) const {
    std::vector<std::string> found;
    for (const auto& [name, value] : values_.all()) {
      if (name == key) found.push_back(value);
    }
    return found;
  }
  Result<bool> on(const std::string& key) const {
    const std::string value = get(key);
    if (value == "on" || value == "yes" || value == "true") return true;
    if (value.empty() || value == "off" || value == "no" || value == "false") return false;
    return error(key + "=" + value + " is neither on nor off");
  }
  Result<void> only(const std::vector<const char*>& keys) const {
    for (const auto& [name, value] : values_.all()) {
      if (name.empty() || std::any_of(keys.begin(), keys.end(), [&](const char* key) { return name == key; })) continue;
      std::string known;
      for (const char* const key : keys) known += (known.empty() ? "" : ", ") + std::string(key);
      return error("'" + name + "' is not known; expected " + known);
    }
    return {};
  }
  // Of what is said once more than here: one of these.
  Result<void> one_of(const std::string& key, std::initializer_list<const char*> values) const {
    const std::string value = get(key);
    std::string known;
    for (const char* const one : values) {
      if (value.empty() || value == one) return {};
      known += (known.empty() ? "" : " or ") + std::string(one);
    }
    return error(key + "=" + value + " cannot be; expected " + known);
  }

 private:
  const std::string option_;
  const KeyValues& values_;
};

Result<uint16_t> parse_port(const std::string& text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) {
    return Error{"'" + text + "' is no port"};
  }
  return static_cast<uint16_t>(port);
}

// "address:port", the address may be empty.
Result<uint16_t> parse_end(const std::string& text, in_addr* address) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Error{"'" + text + "' lacks a colon"};
  const std::string host = text.substr(0, colon);
  if (!host.empty() && ::inet_pton(AF_INET, host.c_str(), address) != 1) {
    return Error{"'" + host + "' is no IPv4 address"};
  }
  return parse_port(text.substr(colon + 1));
}

// --- --drive

constexpr std::size_t kNextFlash = ~std::size_t{0};

struct Drive {
  DriveOption option;
  std::string id;
  bool waits = false;                // if=none: for its -device
  std::optional<std::size_t> flash;  // if=pflash
};

Result<Drive> parse_drive(const KeyValues& values) {
  const Properties properties("--drive", values);
  if (auto good = properties.only({"file", "format", "driver", "readonly", "if", "id", "serial", "cache", "discard",
                                   "detect-zeroes", "aio", "media", "index", "unit"});
      !good)
    return good.error();
  for (const char* const key : {"format", "driver"}) {
    if (const std::string format = properties.get(key); !format.empty() && format != "raw") {
      const std::string file = properties.get("file");
      return properties.error(std::string(key) + "=" + format +
                              " cannot be; expected a raw image, as `qemu-img convert -O raw " +
                              (file.empty() ? "FILE" : file) + " disk.raw` makes one");
    }
  }
  if (auto good = properties.one_of("if", {"virtio", "none", "pflash"}); !good) return good.error();
  if (auto good = properties.one_of("media", {"disk", "cdrom"}); !good) return good.error();
  // All of these keep what was flushed; what the host caches does not matter to the guest. With the last two, all that
  // was written is flushed, unless the driver chooses otherwise.
  if (auto good = properties.one_of("cache", {"writeback", "none", "unsafe", "writethrough", "directsync"}); !good) {
    return good.error();
  }
  // What the guest discards becomes a hole in the file; how the host waits for a disk is its own affair.
  if (auto good = properties.one_of("discard", {"unmap", "on"}); !good) return good.error();
  if (auto good = properties.one_of("aio", {"threads", "native", "io_uring"}); !good) return good.error();
  auto read_only = properties.on("readonly");
  if (!read_only) return read_only.error();
  Drive drive;
  drive.option.file = properties.get("file").empty() ? properties.first() : properties.get("file");
  if (drive.option.file.empty()) return properties.error("nothing says which file; expected file=PATH");
  drive.option.serial = properties.get("serial");
  if (drive.option.serial.size() > 20) return properties.error("serial is longer than 20 characters");
  drive.option.read_only = *read_only || properties.get("media") == "cdrom";
  drive.option.write_through = properties.get("cache") == "writethrough" || properties.get("cache") == "directsync";
  drive.option.sure_raw = properties.get("format") == "raw";
  drive.id = properties.get("id");
  drive.waits = properties.get("if") == "none";
  if (properties.get("if") != "pflash") return drive;
  // Without a number it is the next one: DeviceParser::finish counts.
  const std::string unit = properties.get("unit").empty() ? properties.get("index") : properties.get("unit");
  if (unit.size() > 1 || unit.find_first_not_of("0123456789") != std::string::npos) {
    return properties.error("unit=" + unit + " is no bank of flash; expected 0 or 1");
  }
  drive.flash = unit.empty() ? kNextFlash : static_cast<std::size_t>(unit[0] - '0');
  return drive;
}

// --- --net

struct Net {
  NetOption option;
  std::string id;
};

Result<std::array<uint8_t, 6>> parse_mac(const std::string& text) {
  std::array<unsigned, 6> parts = {};
  int length = 0;
  if (std::sscanf(text.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%n", &parts[0], &parts[1], &parts[2], &parts[3], &parts[4],
                  &parts[5], &length) != 6 ||
      static_cast<std::size_t>(length) != text.size() || (parts[0] & 1) != 0) {
    return Error{"mac=" + text + " is no address of a card; expected one like 52:54:00:12:34:56"};
  }
  std::array<uint8_t, 6> mac;
  std::copy(parts.begin(), parts.end(), mac.begin());
  return mac;
}

Result<void> take_mac(const Properties& properties, NetOption* option) {
  if (properties.get("mac").empty()) return {};
  auto mac = parse_mac(properties.get("mac"));
  if (!mac) return properties.error(mac.error().message);
  option->mac = *mac;
  return {};
}

Result<Net> parse_net(const KeyValues& values) {
  const Properties properties("--net", values);
  const std::string kind = properties.first();
  Net net;
  net.option.tap = kind == "tap";
  if (kind != "user" && kind != "tap") return properties.error("expected user or tap first, as in --net user");
  const auto known = net.option.tap ? properties.only({"ifname", "id", "mac", "model", "script", "downscript"})
                                    : properties.only({"hostfwd", "hostname", "restrict", "id", "mac", "model"});
  if (!known) return known.error();
  if (auto good = properties.one_of("model", {"virtio-net-device", "virtio", "virtio-net", "virtio-net-pci"}); !good)
    return good.error();
  for (const char* const script : {"script", "downscript"}) {
    if (auto good = properties.one_of(script, {"no"}); !good) return good.error();
  }
  if (auto taken = take_mac(properties, &net.option); !taken) return taken.error();
  net.id = properties.get("id");
  net.option.interface = properties.get("ifname");
  if (net.option.tap && net.option.interface.empty()) {
    return properties.error("nothing says which interface; expected ifname=NAME");
  }
  auto restricted = properties.on("restrict");
  if (!restricted) return restricted.error();
  net.option.user.restricted = *restricted;
  net.option.user.hostname = properties.get("hostname");
  for (const std::string& text : properties.all("hostfwd")) {
    auto forward = parse_port_forward(text);
    if (!forward) return properties.error(forward.error().message);
    net.option.user.forwards.push_back(*forward);
  }
  return net;
}

// QEMU's oldest spelling, "-net nic,model=virtio,macaddr=... -net user": a network of its own is a card here anyway.
Result<std::optional<std::array<uint8_t, 6>>> parse_old_nic(const KeyValues& values) {
  const Properties properties("--net", values);
  if (auto good = properties.only({"model", "macaddr", "name", "vlan"}); !good) return good.error();
  if (auto good = properties.one_of("model", {"virtio-net-device", "virtio", "virtio-net", "virtio-net-pci"}); !good)
    return good.error();
  if (properties.get("macaddr").empty()) return std::optional<std::array<uint8_t, 6>>();
  auto mac = parse_mac(properties.get("macaddr"));
  if (!mac) return properties.error(mac.error().message);
  return std::optional(*mac);
}

// --- --share

// What the configuration space has room for, and v9fs reads.
constexpr std::size_t kLongestTag = 31;

// "folder,tag=name" and QEMU's "local,path=folder,mount_tag=name,security_model=none".
Result<ShareOption> parse_share(const KeyValues& values, std::size_t number) {
  const Properties properties("--share", values);
  if (auto good = properties.only({"path", "tag", "readonly", "mount_tag", "security_model", "id", "multidevs"});
      !good) {
    return good.error();
  }
  auto read_only = properties.on("readonly");
  if (!read_only) return read_only.error();
  ShareOption share;
  share.read_only = *read_only;
  share.folder = properties.get("path").empty() ? properties.first() : properties.get("path");
  if (share.folder.empty()) return properties.error("nothing says which folder; expected its path, as in --share .");
  share.tag = properties.get("tag").empty() ? properties.get("mount_tag") : properties.get("tag");
  if (share.tag.empty()) share.tag = number == 0 ? "host" : "host" + std::to_string(number);
  if (share.tag.size() > kLongestTag) return properties.error("the tag is longer than 31 characters");
  return share;
}

// QEMU's -fsdev: a folder for a -device virtio-9p-device.
struct Folder {
  ShareOption option;
  std::string id;
};

Result<Folder> parse_folder(const KeyValues& values) {
  const Properties properties("-fsdev", values);
  if (auto good = properties.only({"path", "readonly", "security_model", "id", "multidevs", "writeout"}); !good) {
    return good.error();
  }
  if (properties.first() != "local") return properties.error("expected local first, as in -fsdev local,id=f,path=.");
  auto read_only = properties.on("readonly");
  if (!read_only) return read_only.error();
  Folder folder;
  folder.id = properties.get("id");
  folder.option.folder = properties.get("path");
  folder.option.read_only = *read_only;
  if (folder.option.folder.empty()) return properties.error("nothing says which folder; expected path=PATH");
  return folder;
}

// --- --vsock

Result<VsockOption> parse_vsock(const KeyValues& values) {
  const Properties properties("--vsock", values);
  if (auto good = properties.only({"cid", "socket"}); !good) return good.error();
  VsockOption vsock;
  vsock.socket = properties.get("socket").empty() ? properties.first() : properties.get("socket");
  if (vsock.socket.empty()) {
    return properties.error("nothing says where programs of the host meet the guest; expected socket=PATH");
  }
  if (const std::string cid = properties.get("cid"); !cid.empty()) {
    const auto [end, error] = std::from_chars(cid.data(), cid.data() + cid.size(), vsock.cid);
    // 0 to 2 and the last are taken (virtio 1.2, 5.10.4).
    if (error != std::errc() || end != cid.data() + cid.size() || vsock.cid < 3 || vsock.cid == ~uint32_t{0}) {
      return properties.error("cid=" + cid + " cannot be the guest's number; expected 3 to 4294967294");
    }
  }
  return vsock;
}

// --- -device

// The names of devices without what says how they are attached.
std::string device_name(std::string name) {
  for (const std::string_view end : {"-device", "-pci"}) {
    if (name.size() > end.size() && name.ends_with(end)) return name.substr(0, name.size() - end.size());
  }
  return name;
}

// Devices that are not here, by how their names begin, and what is used instead.
struct Other {
  const char* begin;
  const char* why;
};
constexpr char kUseBlk[] =
    "there is no such device; disks are virtio's: expected --drive PATH, or virtio-blk-device,drive=ID";
constexpr char kUseNet[] =
    "there is no such device; networks are virtio's: expected --net user, or virtio-net-device,netdev=ID";
constexpr char kUseConsole[] = "consoles have one port each; expected virtconsole,chardev=ID";
constexpr char kNoScreen[] = "there is no screen, keyboard or mouse; the console is a serial port (--serial)";
constexpr char kNoPci[] =
    "the boards have no PCI and no USB; virtio's devices have places of their own, as virtio-blk-device";
constexpr Other kOthers[] = {
    {"nvme", kUseBlk},
    {"scsi-", kUseBlk},
    {"ide-", kUseBlk},
    {"virtio-scsi", kUseBlk},
    {"usb-storage", kUseBlk},
    {"sd-card", kUseBlk},
    {"e1000", kUseNet},
    {"rtl8139", kUseNet},
    {"usb-net", kUseNet},
    {"virtserialport", kUseConsole},
    {"virtio-gpu", kNoScreen},
    {"virtio-keyboard", kNoScreen},
    {"virtio-mouse", kNoScreen},
    {"virtio-tablet", kNoScreen},
    {"virtio-input", kNoScreen},
    {"VGA", kNoScreen},
    {"ramfb", kNoScreen},
    {"bochs-display", kNoScreen},
    {"usb-kbd", kNoScreen},
    {"usb-mouse", kNoScreen},
    {"usb-tablet", kNoScreen},
    {"usb", kNoPci},
    {"qemu-xhci", kNoPci},
    {"nec-usb-xhci", kNoPci},
    {"pci", kNoPci},
    {"ich9", kNoPci},
};

class DeviceParser {
 public:
  DeviceParser(std::vector<Drive> drives, std::vector<Net> nets, std::vector<Folder> folders,
               const std::map<std::string, std::string>& chardevs)
      : drives_(std::move(drives)), nets_(std::move(nets)), folders_(std::move(folders)), chardevs_(chardevs) {}

  Result<void> parse(const KeyValues& values) {
    const Properties properties("-device", values);
    const std::string name = device_name(properties.first());
    if (name == "virtio-blk") return parse_blk(properties);
    if (name == "virtio-net") return parse_net_card(properties);
    if (name == "virtio-9p") return parse_9p(properties);
    if (name == "virtio-rng") {
      found_.emplace_back(RngOption{});
      return only(properties, {"id", "rng", "max-bytes", "period"});
    }
    if (name == "virtio-balloon") {
      found_.emplace_back(BalloonOption{});
      return only(properties, {"id", "free-page-reporting", "deflate-on-oom"});
    }
    if (name == "virtio-console" || name == "virtconsole") {
      std::string stream = properties.get("stream");
      if (const std::string id = properties.get("chardev"); !id.empty()) {
        const auto found = chardevs_.find(id);
        if (found == chardevs_.end()) return properties.error("no -chardev has id=" + id);
        stream = found->second;
      }
      found_.emplace_back(ConsoleOption{stream.empty() ? "null" : stream});
      return only(properties, {"id", "stream", "chardev", "name", "nr"});
    }
    if (name == "vhost-vsock") {
      const std::string cid = properties.get("guest-cid");
      return properties.error(
          "the host's kernel does that for KVM's guests only; expected --vsock cid=" + (cid.empty() ? "3" : cid) +
          ",socket=PATH, where programs of the host find the guest at the Unix socket PATH, and the guest theirs at "
          "PATH_<port>");
    }
    // It has no properties: consoles have one port each.
    if (name == "virtio-serial") return {};
    for (const Other& other : kOthers) {
      if (std::string_view(name).starts_with(other.begin)) return properties.error(other.why);
    }
    return properties.error(
        "there is no such device; expected virtio-blk-device, virtio-net-device, virtio-9p-device, "
        "virtio-rng-device, virtio-balloon-device or virtio-console");
  }

  // Drives and networks that no -device has claimed come first, as the user wrote them.
  Result<std::vector<AttachmentOption>> finish() {
    std::vector<AttachmentOption> all;
    std::set<std::size_t> flashes;
    std::size_t next_flash = 0;
    for (const Drive& drive : drives_) {
      if (drive.waits) {
        return Error{
            "--drive file=" + drive.option.file +
            ",if=none: no -device uses it; expected if=virtio, or -device virtio-blk-device,drive=ID with its id"};
      }
      if (!drive.flash) {
        all.emplace_back(drive.option);
        continue;
      }
      const std::size_t unit = *drive.flash == kNextFlash ? next_flash : *drive.flash;
      if (!flashes.insert(unit).second) {
        return Error{"--drive file=" + drive.option.file + ",if=pflash,unit=" + std::to_string(unit) +
                     ": another one is this bank of flash already"};
      }
      next_flash = unit + 1;
      all.emplace_back(FlashOption{drive.option.file, drive.option.read_only, unit});
    }
    for (const Net& net : nets_) all.emplace_back(net.option);
    all.insert(all.end(), found_.begin(), found_.end());
    return all;
  }

 private:
  // Where QEMU puts a device on its buses says nothing here: each gets the next place.
  static Result<void> only(const Properties& properties, std::vector<const char*> keys) {
    keys.insert(keys.end(), {"bus", "addr", "romfile", "disable-legacy", "disable-modern", "iommu_platform"});
    return properties.only(keys);
  }

  // Takes what has this id out of `from`.
  template <typename T>
  static std::optional<T> claim(std::vector<T>* from, const std::string& id) {
    const auto found =
        std::find_if(from->begin(), from->end(), [&](const T& one) { return !id.empty() && one.id == id; });
    if (found == from->end()) return {};
    T result = std::move(*found);
    from->erase(found);
    return result;
  }

  Result<void> parse_blk(const Properties& properties) {
    if (auto good = only(properties, {"drive", "id", "serial", "bootindex"}); !good) return good;
    auto drive = claim(&drives_, properties.get("drive"));
    if (!drive) return properties.error("no --drive has id=" + properties.get("drive") + ", or another device has it");
    if (!properties.get("serial").empty()) drive->option.serial = properties.get("serial");
    found_.emplace_back(drive->option);
    return {};
  }

  Result<void> parse_9p(const Properties& properties) {
    if (auto good = only(properties, {"fsdev", "mount_tag", "id"}); !good) return good;
    auto folder = claim(&folders_, properties.get("fsdev"));
    if (!folder) return properties.error("no -fsdev has id=" + properties.get("fsdev") + ", or another device has it");
    folder->option.tag = properties.get("mount_tag");
    if (folder->option.tag.empty() || folder->option.tag.size() > kLongestTag) {
      return properties.error("expected mount_tag=NAME, of up to 31 characters");
    }
    found_.emplace_back(folder->option);
    return {};
  }

  Result<void> parse_net_card(const Properties& properties) {
    if (auto good = only(properties, {"netdev", "id", "mac", "bootindex"}); !good) return good;
    auto net = claim(&nets_, properties.get("netdev"));
    if (!net) return properties.error("no -netdev has id=" + properties.get("netdev") + ", or another card has it");
    if (auto taken = take_mac(properties, &net->option); !taken) return taken;
    found_.emplace_back(net->option);
    return {};
  }

  std::vector<Drive> drives_;
  std::vector<Net> nets_;
  std::vector<Folder> folders_;
  const std::map<std::string, std::string>& chardevs_;  // streams by their ids
  std::vector<AttachmentOption> found_;
};

}  // namespace

Result<host::PortForward> parse_port_forward(const std::string& text) {
  const auto bad = [&](const std::string& what) {
    return Error{"hostfwd=" + text + ": " + what +
                 "; expected tcp or udp:[address]:port-[address]:port, as in tcp::2222-:22"};
  };
  host::PortForward forward;
  const std::size_t colon = text.find(':');
  const std::string protocol = text.substr(0, colon);
  const std::size_t dash = text.find('-');
  if (protocol != "tcp" && protocol != "udp" && !protocol.empty()) return bad("'" + protocol + "' is no protocol");
  if (colon == std::string::npos || dash == std::string::npos || dash < colon) return bad("two ends are needed");
  forward.udp = protocol == "udp";
  auto host_port = parse_end(text.substr(colon + 1, dash - colon - 1), &forward.host);
  if (!host_port) return bad(host_port.error().message);
  auto guest_port = parse_end(text.substr(dash + 1), &forward.guest);
  if (!guest_port) return bad(guest_port.error().message);
  forward.host_port = *host_port;
  forward.guest_port = *guest_port;
  return forward;
}

Result<std::vector<AttachmentOption>> parse_attachments(const BootOptions& options) {
  std::vector<Drive> drives;
  for (const KeyValues& values : options.drives) {
    auto drive = parse_drive(values);
    if (!drive) return drive.error();
    drives.push_back(std::move(*drive));
  }
  std::vector<Net> nets;
  std::vector<std::optional<std::array<uint8_t, 6>>> macs;  // of -net nic
  for (const KeyValues& values : options.nets) {
    if (values.first() == "none") continue;  // QEMU: no card; nor have we one unasked
    if (values.first() == "nic") {
      auto mac = parse_old_nic(values);
      if (!mac) return mac.error();
      macs.push_back(*mac);
      continue;
    }
    auto net = parse_net(values);
    if (!net) return net.error();
    nets.push_back(std::move(*net));
  }
  if (macs.size() > nets.size()) return Error{"--net nic: the card is joined to no network; expected --net user, too"};
  for (std::size_t i = 0; i < macs.size(); ++i) {
    if (macs[i]) nets[i].option.mac = macs[i];
  }
  std::vector<Folder> folders;
  for (const KeyValues& values : options.folders) {
    auto folder = parse_folder(values);
    if (!folder) return folder.error();
    folders.push_back(std::move(*folder));
  }
  // What random numbers are made of: ours are the host's (getrandom), whatever is asked for.
  for (const KeyValues& values : options.objects) {
    if (values.first() == "rng-random" || values.first() == "rng-builtin") continue;
    return Error{"-object " + values.text() + ": cannot be; expected rng-random or rng-builtin"};
  }
  DeviceParser devices(std::move(drives), std::move(nets), std::move(folders), options.chardevs);
  for (const KeyValues& values : options.devices) {
    if (auto good = devices.parse(values); !good) return good.error();
  }
  auto all = devices.finish();
  if (!all) return all;
  for (std::size_t i = 0; i < options.shares.size(); ++i) {
    auto share = parse_share(options.shares[i], i);
    if (!share) return share.error();
    all->emplace_back(*share);
  }
  for (const KeyValues& values : options.vsocks) {
    auto vsock = parse_vsock(values);
    if (!vsock) return vsock.error();
    all->emplace_back(*vsock);
  }
  return all;
}

}  // namespace menura::cli
