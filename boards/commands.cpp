#include "boards/commands.h"

#include <cstdio>

#include "boards/size.h"

namespace menura::boards {
namespace {

constexpr unsigned kMebi = 20;

std::string map(Machine& machine, const std::string&) {
  std::string text;
  for (const softmmu::Region* const region : machine.bus().regions()) {
    char range[64];
    std::snprintf(range, sizeof range, "%016llx-%016llx ", static_cast<unsigned long long>(region->begin),
                  static_cast<unsigned long long>(region->end - 1));
    const char* const kind = region->kind == softmmu::RegionKind::Ram   ? "ram"
                             : region->kind == softmmu::RegionKind::Rom ? "rom"
                                                                        : "i/o";
    text += std::string(range) + kind + " " + machine.bus().name(region->mapping) + "\n";
  }
  return text;
}

BalloonControl* find_balloon(Machine& machine) {
  for (PlacedDevice& placed : machine.devices()) {
    if (BalloonControl* const balloon = placed.device->balloon()) return balloon;
  }
  return nullptr;
}

constexpr const char* kNoBalloon = "the machine has no balloon; --device virtio-balloon-device gives it one\n";

std::string set_balloon(Machine& machine, const std::string& size) {
  BalloonControl* const balloon = find_balloon(machine);
  if (balloon == nullptr) return kNoBalloon;
  const auto memory = parse_size(size);
  if (!memory || *memory > machine.memory()) {
    return "'" + size + "' cannot be what the guest keeps of its memory; expected up to " +
           std::to_string(machine.memory() >> kMebi) + "M\n";
  }
  balloon->ask_for(machine.memory() - *memory);
  return "";
}

// As QEMU says it, in mebibytes.
std::string show_balloon(Machine& machine, const std::string&) {
  BalloonControl* const balloon = find_balloon(machine);
  if (balloon == nullptr) return kNoBalloon;
  return "balloon: actual=" + std::to_string((machine.memory() - balloon->given()) >> kMebi) + "\n";
}

struct Command {
  const char* name;
  const char* argument;  // nullptr: it has none
  const char* what;
  std::string (*run)(Machine& machine, const std::string& argument);
};

constexpr Command kCommands[] = {
    {"balloon", "<size>", "asks the guest to keep only so much of its memory, as in 256M", set_balloon},
    {"info balloon", nullptr, "how much of its memory the guest has", show_balloon},
    {"info mtree", nullptr, "what answers at physical addresses", map},
    {"system_reset", nullptr, "resets the machine",
     [](Machine& machine, const std::string&) {
       machine.request_reset();
       return std::string();
     }},
    {"quit", nullptr, "powers it off",
     [](Machine& machine, const std::string&) {
       machine.power_off(0);
       return std::string();
     }},
};

}  // namespace

std::optional<std::string> run_command(Machine& machine, const std::string& line) {
  for (const Command& command : kCommands) {
    const std::string name = command.name;
    if (command.argument == nullptr && line == name) return command.run(machine, "");
    if (command.argument != nullptr && line == name) return name + " " + command.argument + ": nothing follows\n";
    if (command.argument != nullptr && line.starts_with(name + " ")) {
      return command.run(machine, line.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

std::string commands_help() {
  std::string text;
  for (const Command& command : kCommands) {
    text += std::string(command.name) + (command.argument != nullptr ? std::string(" ") + command.argument : "") +
            " -- " + command.what + "\n";
  }
  return text;
}

}  // namespace menura::boards
