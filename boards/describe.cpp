// The device tree of a machine, from its board's rows.
#include <cstdio>

#include "boards/machine.h"

namespace menura::boards {
namespace {

std::string at(const char* name, uint64_t base) {
  char text[64];
  std::snprintf(text, sizeof text, "/%s@%llx", name, static_cast<unsigned long long>(base));
  return text;
}

// "a b" as two strings.
void compatible(fdt::Tree& tree, const std::string& path, std::string_view names) {
  std::string value(names);
  for (char& c : value) c = c == ' ' ? '\0' : c;
  tree.text(path, "compatible", value);
}

bool has_node(const PlacedDevice& placed) {
  return placed.row->device->node != nullptr && (placed.index == 0 || !placed.row->device->shares_node);
}

}  // namespace

std::string Machine::device_path(const PlacedDevice& placed) const {
  const DeviceKind& kind = *placed.row->device;
  return (kind.node_in_root ? "" : options_.board->code->device_root) +
         at(placed.row->node != nullptr ? placed.row->node : kind.node, placed.base);
}

fdt::Tree Machine::device_tree() {
  const BoardCode& code = *options_.board->code;
  fdt::Tree tree;
  tree.cells("/", "#address-cells", {2});
  tree.cells("/", "#size-cells", {2});
  const MemoryRow& memory = options_.board->main_memory();
  const std::string node = at("memory", memory.base);
  tree.text(node, "device_type", "memory");
  tree.u64(node, "reg", {memory.base, options_.memory});

  // A new node comes before its siblings, and guests number what they find: so from the last to the first.
  for (auto placed = devices_.rbegin(); placed != devices_.rend(); ++placed) {
    if (!has_node(*placed)) continue;
    compatible(tree, device_path(*placed), placed->row->device->compatible);
  }
  uint32_t controller = 0;
  for (const PlacedDevice& placed : devices_) {
    const DeviceKind& kind = *placed.row->device;
    if (!has_node(placed)) continue;
    const std::string path = device_path(placed);
    std::vector<uint32_t> reg;
    for (uint32_t i = 0; i < (kind.shares_node ? placed.row->count : 1); ++i) {
      for (const uint64_t number : {placed.base + i * placed.row->size, placed.row->size}) {
        reg.insert(reg.end(), {static_cast<uint32_t>(number >> 32), static_cast<uint32_t>(number)});
      }
    }
    tree.cells(path, "reg", reg);
    if (controller == 0 && placed.device->inputs() != nullptr) controller = tree.phandle(path);
    if (placed.interrupt != kNoInterrupt) {
      tree.cells(path, "interrupt-parent", {controller});
      code.describe_interrupt(tree, path, placed.interrupt);
    }
    if (kind.describe != nullptr) kind.describe(tree, path, options_.cpus);
    if (kind.takes_stream && tree.get("/chosen", "stdout-path").empty()) tree.text("/chosen", "stdout-path", path);
  }
  code.describe(*this, tree);
  return tree;
}

}  // namespace menura::boards
