#include "cli/list.h"

#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "boards/board.h"
#include "boards/devices/devices.h"
#include "cli/json.h"

namespace menura::cli {
namespace {

constexpr const char* kUsage =
    "Usage: menura list boards|cpus|devices [NAME] [--json]\n"
    "\n"
    "Lists what `menura boot` knows; with a NAME, everything about that one: a board's memory map, a CPU's "
    "extensions,\n"
    "a device's registers. --json: the same for programs.\n";

// --- CPUs: the rows of each guest's features.def

struct CpuRow {
  const char* guest;
  const char* kind;  // "model", or "extension" that is added to one
  const char* name;
  const char* what;
};

constexpr CpuRow kCpus[] = {
#define FEATURE(id, name, requires_, meaning) {"riscv64", "extension", name, meaning},
#define BASE(name, features, meaning) {"riscv64", "model", name, meaning},
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE
#define FEATURE(id, name, requires_, meaning) {"arm64", "feature", name, meaning},
#define CPU(name, features, meaning) {"arm64", "model", name, meaning},
#include "frontends/arm/features.def"
#undef FEATURE
#undef CPU
};

bool is_model(const CpuRow& row) { return std::string_view(row.kind) == "model"; }

void write_cpus(Json* json, std::string_view wanted) {
  json->begin_array();
  for (const CpuRow& row : kCpus) {
    if (wanted.empty() ? !is_model(row) : wanted != row.name) continue;
    json->begin_object().member("name", row.name).member("guest", row.guest).member("kind", row.kind);
    json->member("what", row.what).end_object();
  }
  json->end_array();
}

void print_cpus(std::string_view wanted) {
  for (const CpuRow& row : kCpus) {
    if (wanted.empty() ? !is_model(row) : wanted != row.name) continue;
    std::printf("%-16s %-8s %s%s%s\n", row.name, row.guest, is_model(row) ? "" : row.kind, is_model(row) ? "" : ": ",
                row.what);
  }
  if (!wanted.empty()) return;
  std::puts("\nA model is followed by what is to be added or taken away, as in --cpu rv64,+zbb,-c:");
  for (const char* const guest : {"riscv64", "arm64"}) {
    std::printf("%s:", guest);
    for (const CpuRow& row : kCpus) {
      if (!is_model(row) && std::string_view(row.guest) == guest) std::printf(" %s", row.name);
    }
    std::puts("");
  }
}

bool knows_cpu(std::string_view name) {
  for (const CpuRow& row : kCpus) {
    if (name == row.name) return true;
  }
  return false;
}

// --- boards

constexpr const char* kMemoryKinds[] = {"RAM", "ROM", "flash"};

void write_boards(Json* json, std::string_view wanted) {
  json->begin_array();
  for (const boards::Board* const board : boards::boards()) {
    if (!wanted.empty() && wanted != board->name) continue;
    json->begin_object().member("name", board->name).member("guest", board->guest).member("what", board->what);
    json->member("default_cpu", board->default_cpu).member("most_cpus", board->most_cpus);
    json->member("default_memory", board->default_memory).member("most_memory", board->most_memory);
    json->key("properties").begin_array();
    for (const boards::BoardChoice& choice : board->choices) {
      json->begin_object().member("name", choice.property).member("value", choice.value).end_object();
    }
    json->end_array().key("memory").begin_array();
    for (const boards::MemoryRow& row : board->memory) {
      json->begin_object().member("name", row.name).member("kind", kMemoryKinds[static_cast<unsigned>(row.kind)]);
      json->member("base", row.base).member("size", row.size).end_object();
    }
    json->end_array().key("devices").begin_array();
    for (const boards::BoardRow& row : board->devices) {
      json->begin_object().member("device", row.device->name).member("base", row.base).member("size", row.size);
      if (row.interrupt != boards::kNoInterrupt) json->member("interrupt", row.interrupt);
      json->member("count", row.count).end_object();
    }
    json->end_array().end_object();
  }
  json->end_array();
}

void print_board(const boards::Board& board) {
  std::printf("%s (%s): %s\n", board.name, board.guest, board.what);
  std::printf("  CPUs    1 to %u, %s if --cpu says nothing\n", board.most_cpus, board.default_cpu);
  std::printf("  memory  %" PRIu64 " MiB if --memory says nothing, up to %" PRIu64 " GiB\n", board.default_memory >> 20,
              board.most_memory >> 30);
  if (!board.choices.empty()) {
    std::printf("  properties ");
    for (const boards::BoardChoice& choice : board.choices) std::printf(" %s=%s", choice.property, choice.value);
    std::puts("");
  }
  std::puts("  base         size        interrupt  what");
  for (const boards::MemoryRow& row : board.memory) {
    if (row.size == 0) {
      std::printf("  0x%09" PRIx64 "  --memory               %s\n", row.base, row.name);
    } else {
      std::printf("  0x%09" PRIx64 "  0x%08" PRIx64 "             %s\n", row.base, row.size, row.name);
    }
  }
  for (const boards::BoardRow& row : board.devices) {
    char interrupt[16] = "";
    if (row.interrupt != boards::kNoInterrupt) std::snprintf(interrupt, sizeof interrupt, "%u", row.interrupt);
    std::printf("  0x%09" PRIx64 "  0x%08" PRIx64 "  %-9s  %s", row.base, row.size, interrupt, row.device->name);
    if (row.count > 1) std::printf(", %u of them", row.count);
    std::puts("");
  }
}

void print_boards(std::string_view wanted) {
  for (const boards::Board* const board : boards::boards()) {
    if (wanted.empty()) {
      std::printf("%-8s %-8s %s\n", board->name, board->guest, board->what);
    } else if (wanted == board->name) {
      print_board(*board);
    }
  }
}

bool knows_board(std::string_view name) {
  for (const boards::Board* const board : boards::boards()) {
    if (name == board->name) return true;
  }
  return false;
}

// --- devices

constexpr const char* kRights[] = {"read-only", "write-only", "read-write"};

void write_devices(Json* json, std::string_view wanted) {
  json->begin_array();
  for (const boards::DeviceKind* const kind : boards::device_kinds()) {
    if (!wanted.empty() && wanted != kind->name) continue;
    json->begin_object().member("name", kind->name).member("what", kind->what).member("datasheet", kind->datasheet);
    json->member("compatible", kind->node == nullptr ? "" : kind->compatible).member("size", kind->size);
    json->member("least_access", kind->access.least).member("most_access", kind->access.most);
    json->key("registers").begin_array();
    for (const boards::RegisterRow& row : kind->registers) {
      json->begin_object().member("name", row.name).member("offset", row.offset).member("size", row.size);
      json->member("access", kRights[static_cast<unsigned>(row.rights)]).member("fields", row.fields);
      json->member("count", row.count).end_object();
    }
    json->end_array().end_object();
  }
  json->end_array();
}

void print_device(const boards::DeviceKind& kind) {
  std::printf("%s: %s\n  after %s\n", kind.name, kind.what, kind.datasheet);
  if (kind.node != nullptr) std::printf("  device tree: %s\n", kind.compatible);
  std::printf("  accesses of %u to %u bytes\n", kind.access.least, kind.access.most);
  for (const boards::RegisterRow& row : kind.registers) {
    std::printf("  0x%04x  %u bytes  %-10s  %s", row.offset, row.size, kRights[static_cast<unsigned>(row.rights)],
                row.name);
    if (row.count > 1) std::printf(" (%u of them)", row.count);
    std::printf("%s%s\n", row.fields[0] == '\0' ? "" : ": ", row.fields);
  }
}

void print_devices(std::string_view wanted) {
  for (const boards::DeviceKind* const kind : boards::device_kinds()) {
    if (wanted.empty()) {
      std::printf("%-16s %s\n", kind->name, kind->what);
    } else if (wanted == kind->name) {
      print_device(*kind);
    }
  }
}

bool knows_device(std::string_view name) { return boards::find_device_kind(name) != nullptr; }

struct List {
  const char* name;
  bool (*knows)(std::string_view name);
  void (*print)(std::string_view wanted);
  void (*write)(Json* json, std::string_view wanted);
};

constexpr List kLists[] = {{"boards", knows_board, print_boards, write_boards},
                           {"cpus", knows_cpu, print_cpus, write_cpus},
                           {"devices", knows_device, print_devices, write_devices}};

}  // namespace

int list_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  bool json = false;
  for (const std::string& argument : arguments) {
    if (argument == "--json") {
      json = true;
    } else if (argument == "--help" || argument == "-h") {
      std::fputs(kUsage, stdout);
      return 0;
    } else {
      words.push_back(argument);
    }
  }
  const List* list = nullptr;
  for (const List& one : kLists) {
    if (!words.empty() && words[0] == one.name) list = &one;
  }
  if (list == nullptr || words.size() > 2) {
    std::fprintf(stderr, "menura: list: expected boards, cpus or devices and at most one name\n%s", kUsage);
    return 125;
  }
  const std::string wanted = words.size() > 1 ? words[1] : "";
  if (!wanted.empty() && !list->knows(wanted)) {
    std::fprintf(stderr, "menura: list %s: there is no '%s'; `menura list %s` shows what there is\n", list->name,
                 wanted.c_str(), list->name);
    return 125;
  }
  if (json) {
    Json text;
    list->write(&text, wanted);
    std::puts(text.text().c_str());
  } else {
    list->print(wanted);
  }
  return 0;
}

}  // namespace menura::cli
