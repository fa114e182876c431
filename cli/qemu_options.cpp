#include "cli/qemu_options.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace menura::cli {
namespace {

namespace po = boost::program_options;

enum class Value : uint8_t { None, One };

struct Option {
  const char* name;  // as boost has it: ",x" has one letter
  Value value;
};

// These change nothing: it is so anyway, or there is nothing that they are about.
constexpr Option kTaken[] = {
    {"nodefaults", Value::None}, {"no-user-config", Value::None},
    {"no-acpi", Value::None},    {"name", Value::One},
    {",k", Value::One},          {"boot", Value::One},
    {"msg", Value::One},
};

// With one value they mean that there is none of it, which is so anyway.
struct OnlyNone {
  const char* name;
  const char* why;
};
constexpr OnlyNone kOnlyNone[] = {
    {"display", "there is no screen; the console is a serial port (--serial)"},
    {"vga", "there is no screen"},
    {"vnc", "there is no screen; the console is a serial port (--serial)"},
    {"parallel", "there is no parallel port"},
    {"audio", "there is no sound"},
};

struct Refused {
  Option option;
  const char* why;  // and what to use
};
constexpr char kNoScreen[] = "there is no screen, keyboard or mouse; the console is a serial port (--serial)";
constexpr char kNoUsb[] = "the boards have no USB; disks and networks are virtio's (--drive, --net)";
constexpr char kNoSound[] = "the boards have no sound";
constexpr char kCommands[] =
    "there is no such monitor; expected -monitor stdio, or Ctrl-A c on the terminal, for the commands that there are";
constexpr char kNotKept[] = "a machine's state cannot be saved or moved; what its disks hold is kept";
constexpr Refused kRefused[] = {
    {{"enable-kvm", Value::None},
     "KVM runs guests of the host's own kind only, and these are others; expected -accel tcg, or nothing"},
    {{"icount", Value::One},
     "guests run by the host's clock; instructions are counted by --stats --count-instructions"},
    {{"no-shutdown", Value::None}, "a machine that powers itself off has ended; --gdb stops it before that"},
    {{"snapshot", Value::None},
     "disks keep what is written; expected a copy that may be thrown away, as `cp --reflink=auto disk.raw copy.raw` "
     "makes it, or readonly=on"},
    {{"blockdev", Value::One}, "expected --drive PATH, or --drive if=none,id=ID,file=PATH and its -device"},
    {{"qmp", Value::One}, kCommands},
    {{"qmp-pretty", Value::One}, kCommands},
    {{"loadvm", Value::One}, kNotKept},
    {{"incoming", Value::One}, kNotKept},
    {{",L", Value::One}, "nothing is searched for; expected the whole path of the firmware, as in --bios PATH"},
    {{"usb", Value::None}, kNoUsb},
    {{"usbdevice", Value::One}, kNoUsb},
    {{"audiodev", Value::One}, kNoSound},
    {{"spice", Value::One}, kNoScreen},
    {{"full-screen", Value::None}, kNoScreen},
    {{"semihosting", Value::None}, "guests have no semihosting; a machine ends by PSCI or its test device"},
    {{"semihosting-config", Value::One}, "guests have no semihosting; a machine ends by PSCI or its test device"},
    {{"numa", Value::One}, "memory is one node"},
    {{"mem-path", Value::One}, "a guest's memory is in no file"},
    {{"tpmdev", Value::One}, "there is no TPM"},
    {{"global", Value::One}, "expected the property behind its own -device or -M"},
    {{"plugin", Value::One}, "QEMU's plugins cannot be loaded; --stats, -d and --trace show what a guest does"},
};

// Old names of disks, in this order.
constexpr Option kDisks[] = {
    {"hda", Value::One}, {"hdb", Value::One}, {"hdc", Value::One}, {"hdd", Value::One}, {"sd", Value::One}};

void add(const Option& option, po::options_description* options) {
  if (option.value == Value::None) {
    options->add_options()(option.name, "");
  } else {
    options->add_options()(option.name, po::value<std::vector<std::string>>(), "");
  }
}

// As boost keeps it, and as users write it.
std::string key_of(const Option& option) {
  return option.name[0] == ',' ? "-" + std::string(option.name + 1) : option.name;
}
std::string dashed(const Option& option) {
  return option.name[0] == ',' ? key_of(option) : "-" + std::string(option.name);
}

std::vector<std::string> values_of(const po::variables_map& values, const char* name) {
  if (values.count(name) == 0) return {};
  return values[name].as<std::vector<std::string>>();
}

Error refuse(const std::string& what, const std::string& why) { return Error{what + ": " + why}; }

bool is_tcg(const std::string& accelerators) {
  const std::string all = ":" + accelerators + ":";
  return all.find(":tcg:") != std::string::npos;
}

Result<void> take_accelerator(const std::string& text) {
  const KeyValues parts = KeyValues::parse(text);
  const std::string* const named = parts.get("accel");
  const std::string name = named != nullptr ? *named : parts.first();
  if (!is_tcg(name)) {
    return refuse("-accel " + text, "only tcg can be, which is this translator; others run guests of the host's kind");
  }
  return {};
}

Result<void> take_clock(const std::string& text) {
  const KeyValues parts = KeyValues::parse(text);
  for (const auto& [key, value] : parts.all()) {
    if ((key == "base" && value != "utc") || (key == "clock" && value != "host") ||
        (key == "driftfix" && value != "none")) {
      return refuse(
          "-rtc " + text,
          key + "=" + value + " cannot be: the guest's clock is the host's, in UTC; expected base=utc, clock=host");
    }
  }
  return {};
}

// RFC 4122: 32 digits in five groups.
Result<std::vector<uint8_t>> parse_uuid(const std::string& text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return refuse("-uuid " + text, "expected 12345678-1234-1234-1234-123456789abc");
    if (!dash) digits += text[i];
  }
  if (digits.size() != 32 ||
      !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c) != 0; })) {
    return refuse("-uuid " + text, "expected 12345678-1234-1234-1234-123456789abc");
  }
  std::vector<uint8_t> bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// -chardev as --serial says it.
Result<std::string> stream_of(const KeyValues& values) {
  const std::string kind = values.first();
  const auto get = [&](const char* key) {
    const std::string* const value = values.get(key);
    return value == nullptr ? std::string() : *value;
  };
  const auto error = [&](const std::string& why) { return refuse("-chardev " + values.text(), why); };
  if (kind == "stdio" || kind == "null" || kind == "pty") return kind;
  if (kind == "file") {
    if (get("path").empty()) return error("nothing says which file; expected path=PATH");
    return "file:" + get("path");
  }
  if (kind == "socket") {
    if (get("server").empty() || get("server") == "off") return error("this end listens; expected server=on");
    if (!get("path").empty()) return "unix:" + get("path");
    if (!get("port").empty()) return "tcp:" + get("host") + ":" + get("port");
    return error("nothing says where; expected path=PATH or port=NUMBER");
  }
  return error("expected stdio, null, pty, file or socket first");
}

Result<void> take_chardevs(const po::variables_map& values, BootOptions* options) {
  for (const std::string& text : values_of(values, "chardev")) {
    const KeyValues parts = KeyValues::parse(text);
    const std::string* const id = parts.get("id");
    if (id == nullptr) return refuse("-chardev " + text, "nothing says its name; expected id=NAME");
    auto stream = stream_of(parts);
    if (!stream) return stream.error();
    if (!options->chardevs.emplace(*id, *stream).second)
      return refuse("-chardev " + text, "id=" + *id + " is another one's, too");
  }
  for (std::string& port : options->serial) {
    if (!port.starts_with("chardev:")) continue;
    const auto found = options->chardevs.find(port.substr(std::strlen("chardev:")));
    if (found == options->chardevs.end()) return refuse("--serial " + port, "there is no -chardev with this id");
    port = found->second;
  }
  return {};
}

Result<void> take_monitor(const po::variables_map& values, BootOptions* options) {
  for (const std::string& text : values_of(values, "monitor")) {
    if (text == "none" || text == "null") continue;
    if (text != "stdio" && text != "mon:stdio") return refuse("-monitor " + text, kCommands);
    options->monitor = true;
  }
  for (const std::string& text : values_of(values, "mon")) {
    const KeyValues parts = KeyValues::parse(text);
    const std::string* const id = parts.get("chardev");
    const std::string* const mode = parts.get("mode");
    const auto found = options->chardevs.find(id != nullptr ? *id : parts.first());
    if (found == options->chardevs.end()) return refuse("-mon " + text, "there is no -chardev with this id");
    if (found->second != "stdio" || (mode != nullptr && *mode != "readline")) return refuse("-mon " + text, kCommands);
    options->monitor = true;
  }
  return {};
}

// name=opt/...,file=PATH or string=TEXT; the name may be first, without its key.
Result<void> take_firmware_files(const po::variables_map& values, BootOptions* options) {
  constexpr std::size_t kLongestName = 55;  // what the directory has room for
  for (const std::string& text : values_of(values, "fw_cfg")) {
    const KeyValues parts = KeyValues::parse(text);
    const std::string* const named = parts.get("name");
    const std::string* const path = parts.get("file");
    const std::string* const content = parts.get("string");
    const auto error = [&](const std::string& why) { return refuse("-fw_cfg " + text, why); };
    boards::FirmwareFile file;
    file.name = named != nullptr ? *named : parts.first();
    if (file.name.empty() || file.name.size() > kLongestName) {
      return error("expected name=NAME, of up to 55 characters, as in name=opt/org.example/key");
    }
    for (const auto& [key, value] : parts.all()) {
      if (!key.empty() && key != "name" && key != "file" && key != "string") {
        return error("'" + key + "' is not known; expected name, file or string");
      }
    }
    if ((path != nullptr) == (content != nullptr) || (path != nullptr && path->empty())) {
      return error("expected either file=PATH or string=TEXT");
    }
    (path != nullptr ? file.path : file.text) = path != nullptr ? *path : *content;
    for (const boards::FirmwareFile& other : options->files.firmware_files) {
      if (other.name == file.name) return error("another one has this name");
    }
    options->files.firmware_files.push_back(std::move(file));
  }
  return {};
}

void take_disks(const po::variables_map& values, BootOptions* options) {
  const auto escaped = [](const std::string& path) {
    std::string text;
    for (const char c : path) text += c == ',' ? ",," : std::string(1, c);
    return text;
  };
  for (const Option& disk : kDisks) {
    for (const std::string& path : values_of(values, disk.name)) {
      options->drives.push_back(KeyValues::parse("file=" + escaped(path)));
    }
  }
  for (const std::string& path : values_of(values, "cdrom")) {
    options->drives.push_back(KeyValues::parse("media=cdrom,file=" + escaped(path)));
  }
}

}  // namespace

void add_qemu_options(po::options_description* options) {
  for (const Option& option : kTaken) add(option, options);
  for (const OnlyNone& option : kOnlyNone) add({option.name, Value::One}, options);
  for (const Refused& refused : kRefused) add(refused.option, options);
  for (const Option& disk : kDisks) add(disk, options);
  for (const char* const name : {"cdrom", "chardev", "mon", "monitor", "accel", "rtc", "uuid"}) {
    add({name, Value::One}, options);
  }
}

Result<void> take_qemu_options(const po::variables_map& values, BootOptions* options) {
  for (const Refused& refused : kRefused) {
    if (values.count(key_of(refused.option)) != 0) return refuse(dashed(refused.option), refused.why);
  }
  for (const OnlyNone& option : kOnlyNone) {
    for (const std::string& text : values_of(values, option.name)) {
      if (text != "none") {
        return refuse("-" + std::string(option.name) + " " + text, std::string(option.why) + "; expected none");
      }
    }
  }
  for (const std::string& text : values_of(values, "accel")) {
    if (auto taken = take_accelerator(text); !taken) return taken;
  }
  for (const std::string& text : values_of(values, "rtc")) {
    if (auto taken = take_clock(text); !taken) return taken;
  }
  for (const std::string& text : values_of(values, "uuid")) {
    auto uuid = parse_uuid(text);
    if (!uuid) return uuid.error();
    options->files.uuid = *uuid;
  }
  take_disks(values, options);
  if (auto taken = take_firmware_files(values, options); !taken) return taken;
  if (auto taken = take_chardevs(values, options); !taken) return taken;
  return take_monitor(values, options);
}

Result<bool> take_machine_property(const std::string& key, const std::string& value, BootOptions* options) {
  const auto is_off = [&] { return value == "off" || value == "no" || value == "false" || value == "none"; };
  const auto file = [&](std::string* path) {
    *path = value;
    return true;
  };
  if (key == "kernel") return file(&options->files.kernel);
  if (key == "initrd") return file(&options->files.initrd);
  if (key == "append") return file(&options->files.command_line);
  if (key == "dtb") return file(&options->files.device_tree);
  if (key == "firmware") return file(&options->files.firmware);
  if (key == "accel") {
    if (auto taken = take_accelerator(value); !taken) return taken.error();
    return true;
  }
  // How QEMU uses the host, what KVM needs, and memory maps of what is not here.
  for (const char* const name :
       {"dump-guest-core", "mem-merge", "suppress-vmdesc", "kernel-irqchip", "graphics", "highmem", "phandle-start"}) {
    if (key == name) return true;
  }
  // What is not here; ACPI's tables would be made if firmware wanted them.
  for (const char* const name : {"usb", "acpi", "its", "iommu", "mte", "ras", "aclint", "aia"}) {
    if (key == name && (is_off() || value == "auto")) return true;
  }
  return false;
}

Result<std::string> cpu_of_qemu(const std::string& text) {
  std::string result;
  const KeyValues parts = KeyValues::parse(text);
  for (const auto& [key, value] : parts.all()) {
    const bool on = value == "on" || value == "true" || value == "yes";
    const bool off = value == "off" || value == "false" || value == "no";
    if (!result.empty()) result += ",";
    if (key.empty()) {
      result += value;
    } else if (key[0] == '+' || key[0] == '-') {
      result += key;
    } else if (!on && !off) {
      return refuse("--cpu " + text, key + "=" + value + " cannot be; features are on or off, as in --cpu max,+lse");
    } else if (key == "pauth-impdef") {
      // QEMU's name of the signatures that are quick to make, which are ours unless we are asked for the others.
      result += on ? "-pauth-qarma5" : "+pauth-qarma5";
    } else {
      result += (on ? "+" : "-") + key;
    }
  }
  return result;
}

}  // namespace menura::cli
