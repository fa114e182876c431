#include "cli/boot_options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cstring>
#include <sstream>
#include <utility>

#include "boards/size.h"
#include "cli/qemu_options.h"

namespace menura::cli {
namespace {

namespace po = boost::program_options;

constexpr int kStyle = po::command_line_style::allow_short | po::command_line_style::allow_long |
                       po::command_line_style::allow_long_disguise | po::command_line_style::allow_dash_for_short |
                       po::command_line_style::short_allow_next | po::command_line_style::long_allow_next |
                       po::command_line_style::long_allow_adjacent;

using Text = po::typed_value<std::string>;
Text* text() { return po::value<std::string>(); }
po::typed_value<std::vector<std::string>>* texts() { return po::value<std::vector<std::string>>(); }

po::options_description description() {
  po::options_description options("Options of `menura boot [options]`", 100, 60);
  auto add = options.add_options();
  add("kernel", text(), "<file> the kernel: a RISC-V or arm64 Image, an ELF file, either compressed by gzip");
  add("initrd", text(), "<file> the initial RAM disk");
  add("append", text(), "<text> the kernel's command line");
  add("board,M", text(),
      "<name{,property=value,dumpdtb=file}> the board (default: virt of the kernel's guest; `menura list boards`); "
      "-machine, too; "
      "with "
      "dumpdtb, its device tree is written and nothing started");
  add("cpu", text(), "<name{,+ext,-ext}> the CPU (default: the board's; `menura list cpus`)");
  add("smp", text(), "<n> how many CPUs (default: 1)");
  add("memory,m", text(), "<size> of the guest's memory, as in 512M or 2G (default: the board's)");
  add("dtb", text(), "<file> this device tree instead of the board's own");
  add("bios", text(), "<file|none> firmware (default on RISC-V: Debian's opensbi; on Arm: none)");
  add("drive", texts(),
      "<path{,readonly=on,format=raw,serial=text,...}> a disk, by virtio; with if=pflash, a bank of the board's flash");
  add("net", texts(),
      "<user{,hostfwd=tcp::2222-:22,...}|tap,ifname=name> a network card, by virtio; -netdev and -nic, too");
  add("share", texts(),
      "<folder{,tag=name,readonly=on}> a folder of the host, by virtio 9p (mount -t 9p host /mnt); -virtfs, too");
  add("vsock", texts(),
      "<socket=path{,cid=3}> sockets without a network, by virtio: programs of the host reach the guest's port at this "
      "Unix socket after \"CONNECT <port>\", "
      "the guest theirs at path_<port>");
  add("device", texts(), "<name{,property=value}> a device, as QEMU names it");
  add("serial", texts(),
      "<stdio|null|pty|file:path|unix:path|tcp::port> what the next serial port is joined to (default: stdio)");
  add("gdb", text(), "<port> wait for gdb there; -s is --gdb 1234");
  add("freeze,S", "start nothing until gdb says so");
  add("no-reboot", "a reset of the machine powers it off");
  add("fw_cfg", texts(),
      "<name=name,file=path|name=name,string=text> a named file for firmware and for Linux' qemu_fw_cfg");
  add("daemonize", "go to the background when the machine begins to run");
  add("pidfile", text(), "<file> has the number of Menura's process, as long as the machine runs");
  add("engine", text(), "<x64|interp> what runs guest code (default: x64)");
  add("tier", text(), "<interp|0|1|2|auto> as in `menura run`");
  add("stats", "show what the translator did, at the end");
  add("no-cache", "neither use compiled code of earlier runs nor keep it");
  add("cache-folder", text(), "<dir> where compiled code is kept, as in `menura run`");
  add("trace", text(),
      "<file> a timeline of virtual CPUs, interrupts, devices and translation in Chrome's trace event format "
      "(ui.perfetto.dev and chrome://tracing show it)");
  add("count-instructions", "with --stats: how many were executed");
  add(",d", text(), "<int,mmu,guest_errors,unimp,ir,out_asm> show what the guest does, and code as it is translated");
  add(",D", text(), "<file> where -d writes (default: standard error)");
  add("nographic", "nothing: there never is a window");
  add("help", "this text");
  return options;
}

// QEMU's other names of our options.
po::options_description spellings() {
  po::options_description options;
  auto add = options.add_options();
  add("machine", text(), "");
  add("netdev", texts(), "");
  add("nic", texts(), "");
  add("virtfs", texts(), "");
  add("pflash", texts(), "");
  add("fsdev", texts(), "");
  add("object", texts(), "");
  add(",s", "");
  add_qemu_options(&options);
  return options;
}

Error usage(const std::string& what) { return Error{what + "; `menura boot --help` lists the options"}; }

template <typename T>
bool take(const po::variables_map& values, const char* name, T* to) {
  if (values.count(name) == 0) return false;
  *to = values[name].as<T>();
  return true;
}

void take_list(const po::variables_map& values, const char* name, std::vector<KeyValues>* to) {
  std::vector<std::string> list;
  take(values, name, &list);
  for (const std::string& item : list) to->push_back(KeyValues::parse(item));
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

// At commas; two of them are one of the text.
std::vector<std::string> split_values(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ',') {
      part += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == ',') {
      part += text[i++];
    } else {
      parts.push_back(std::exchange(part, {}));
    }
  }
  if (!part.empty()) parts.push_back(part);
  return parts;
}

Result<void> take_logs(const std::string& items, BootOptions* options) {
  for (const std::string& item : split(items, ',')) {
    if (item == "int") {
      options->log_interrupts = true;
    } else if (item == "mmu") {
      options->log_mmu = true;
    } else if (item == "guest_errors") {
      options->log_guest_errors = true;
    } else if (item == "unimp") {
      options->log_unimplemented = true;
    } else if (item == "ir") {
      options->dump_ir = true;
    } else if (item == "out_asm") {
      options->dump_host = true;
    } else {
      return usage("-d " + items + ": '" + item +
                   "' is not known; expected int, mmu, guest_errors, unimp, ir or out_asm");
    }
  }
  return {};
}

// "4", "cpus=4" and what follows about sockets and cores; without a number of CPUs, as many as these make.
Result<unsigned> parse_cpus(const std::string& text) {
  constexpr unsigned kMost = 1 << 16;  // of anything
  unsigned count = 0;
  unsigned product = 1;
  const KeyValues parts = KeyValues::parse(text);
  for (const auto& [key, value] : parts.all()) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || *end != '\0' || number == 0 || number > kMost) {
      return usage("--smp " + text + ": expected a number of CPUs, at least 1");
    }
    if (key.empty() || key == "cpus") {
      count = number;
    } else if (key == "sockets" || key == "dies" || key == "clusters" || key == "cores" || key == "threads") {
      product = std::min(product, kMost) * number;
    } else if (key != "maxcpus") {
      return usage("--smp " + text + ": '" + key + "' is not known; expected cpus, sockets, cores or threads");
    }
  }
  return count != 0 ? count : product;
}

// "virt", or "virt,dumpdtb=file" as QEMU has it.
Result<void> take_board(const std::string& text, BootOptions* options) {
  const KeyValues parts = KeyValues::parse(text);
  options->board = parts.first();
  for (const auto& [key, value] : parts.all()) {
    auto taken = take_machine_property(key, value, options);
    if (!taken) return taken.error();
    if (*taken) continue;
    if (key == "type") {
      options->board = value;
    } else if (key == "dumpdtb") {
      options->dump_tree = value;
    } else if (!key.empty()) {
      options->properties.emplace_back(key, value);
    }
  }
  return {};
}

// Whether a console is joined to the terminal; `devices` may name streams by -chardev.
bool takes_terminal(const BootOptions& options, const KeyValues& device) {
  const std::string* const stream = device.get("stream");
  const std::string* const id = device.get("chardev");
  const auto found = id == nullptr ? options.chardevs.end() : options.chardevs.find(*id);
  return (stream != nullptr && stream->ends_with("stdio")) ||
         (found != options.chardevs.end() && found->second == "stdio");
}

// One port or console has the terminal, the first serial port where nobody else was asked to.
Result<void> settle_terminal(BootOptions* options) {
  const auto ports = std::count_if(options->serial.begin(), options->serial.end(),
                                   [](const std::string& port) { return port.ends_with("stdio"); });
  const auto consoles = std::count_if(options->devices.begin(), options->devices.end(),
                                      [&](const KeyValues& device) { return takes_terminal(*options, device); });
  if (ports + consoles > 1) {
    return usage("--serial stdio: the terminal is given twice; expected it for one port or console at most");
  }
  bool used = ports + consoles != 0;
  if (options->background && (used || options->monitor)) {
    return usage(
        "-daemonize: the terminal is left to others; expected --serial file:PATH, unix:PATH or null, and no -monitor");
  }
  // Ctrl-A c has its commands where a port or console has the terminal.
  options->monitor = options->monitor && !used;
  used = used || options->monitor || options->background;
  if (options->serial.empty()) options->serial.push_back(used ? "null" : "stdio");
  return {};
}

Result<void> take_values(const po::variables_map& values, BootOptions* options) {
  options->help = values.count("help") != 0;
  options->statistics = values.count("stats") != 0;
  if (values.count("no-cache") != 0) options->cache = false;
  take(values, "cache-folder", &options->cache_folder);
  options->count_instructions = values.count("count-instructions") != 0;
  options->freeze = values.count("freeze") != 0;
  options->no_reboot = values.count("no-reboot") != 0;
  take(values, "kernel", &options->files.kernel);
  take(values, "initrd", &options->files.initrd);
  take(values, "append", &options->files.command_line);
  take(values, "dtb", &options->files.device_tree);
  take(values, "bios", &options->files.firmware);
  if (std::string cpu; take(values, "cpu", &cpu)) {
    auto ours = cpu_of_qemu(cpu);
    if (!ours) return ours.error();
    options->cpu = *ours;
  }
  options->background = values.count("daemonize") != 0;
  take(values, "pidfile", &options->pid_file);
  take(values, "serial", &options->serial);
  take(values, "-D", &options->dump_file);
  take(values, "trace", &options->trace);
  take_list(values, "drive", &options->drives);
  std::vector<std::string> flashes;
  take(values, "pflash", &flashes);
  for (const std::string& file : flashes) options->drives.push_back(KeyValues::parse("if=pflash,file=" + file));
  for (const char* const name : {"net", "netdev", "nic"}) take_list(values, name, &options->nets);
  for (const char* const name : {"share", "virtfs"}) take_list(values, name, &options->shares);
  take_list(values, "fsdev", &options->folders);
  take_list(values, "object", &options->objects);
  take_list(values, "vsock", &options->vsocks);
  take_list(values, "device", &options->devices);
  if (values.count("-s") != 0) options->gdb = "1234";
  take(values, "gdb", &options->gdb);

  std::string text;
  if (take(values, "board", &text) || take(values, "machine", &text)) {
    if (auto taken = take_board(text, options); !taken) return taken;
  }
  if (take(values, "smp", &text)) {
    auto cpus = parse_cpus(text);
    if (!cpus) return cpus.error();
    options->cpus = *cpus;
  }
  if (take(values, "memory", &text)) {
    auto memory = parse_memory(text);
    if (!memory) return memory.error();
    options->memory = *memory;
  }
  if (auto taken = take_qemu_options(values, options); !taken) return taken;
  if (auto settled = settle_terminal(options); !settled) return settled;
  if (take(values, "engine", &text)) {
    if (auto chosen = options->choose_engine(text); !chosen) return usage(chosen.error().message);
  }
  if (take(values, "tier", &text)) {
    if (auto chosen = options->choose_tier(text); !chosen) return usage(chosen.error().message);
  }
  if (take(values, "-d", &text)) return take_logs(text, options);
  return {};
}

}  // namespace

KeyValues KeyValues::parse(const std::string& text) {
  KeyValues result;
  result.text_ = text;
  for (const std::string& part : split_values(text)) {
    const std::size_t sign = part.find('=');
    if (sign != std::string::npos) {
      result.parts_.emplace_back(part.substr(0, sign), part.substr(sign + 1));
    } else if (result.parts_.empty()) {
      result.parts_.emplace_back("", part);
    } else {
      result.parts_.emplace_back(part, "on");
    }
  }
  return result;
}

std::string KeyValues::first() const { return !parts_.empty() && parts_[0].first.empty() ? parts_[0].second : ""; }

const std::string* KeyValues::get(const std::string& key) const {
  const std::string* found = nullptr;
  for (const auto& [name, value] : parts_) {
    if (name == key) found = &value;
  }
  return found;
}

Result<uint64_t> parse_memory(const std::string& text) {
  const KeyValues parts = KeyValues::parse(text);
  const std::string* const named = parts.get("size");
  const auto size = boards::parse_size(named != nullptr ? *named : parts.first());
  if (!size) return usage("--memory " + text + ": expected a size, as in 512M or 2G");
  return *size;
}

Result<BootOptions> parse_boot_options(const std::vector<std::string>& arguments) {
  BootOptions options;
  po::options_description all = description();
  all.add(spellings());
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(all).style(kStyle).positional({}).run(), values);
  } catch (const po::error& error) {
    return usage(error.what());
  }
  if (auto taken = take_values(values, &options); !taken) return taken.error();
  if (options.freeze && options.gdb.empty() && !options.help) {
    return usage("--freeze: nothing would ever start the machine; expected --gdb PORT (or -s), too");
  }
  return options;
}

std::string boot_help() {
  std::ostringstream text;
  text << description();
  return text.str();
}

}  // namespace menura::cli
