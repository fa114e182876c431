#include "boards/devices/primecell.h"

namespace menura::boards {

uint32_t primecell_clock(fdt::Tree& tree) {
  constexpr const char* kNode = "/apb-pclk";
  tree.text(kNode, "compatible", "fixed-clock");
  tree.cells(kNode, "#clock-cells", {0});
  tree.cells(kNode, "clock-frequency", {24'000'000});
  tree.text(kNode, "clock-output-names", "clk24mhz");
  return tree.phandle(kNode);
}

void describe_primecell(fdt::Tree& tree, const std::string& path, unsigned) {
  tree.cells(path, "clocks", {primecell_clock(tree)});
  tree.text(path, "clock-names", "apb_pclk");
}

}  // namespace menura::boards
