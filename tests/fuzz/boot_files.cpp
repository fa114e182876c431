// Any bytes as the files that a machine starts with: a kernel (Image, ELF, gzip) and a device tree.
#include <cstdlib>

#include "boards/fdt/tree.h"
#include "boards/loader/kernel.h"

using namespace menura;

namespace {

constexpr uint64_t kMost = 1 << 20;

void visit(const fdt::Tree& tree, const std::string& path, int depth) {
  (void)tree.get(path, "compatible");
  if (depth > 8) return;
  for (const std::string& child : tree.children(path)) visit(tree, child, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (auto kernel = boards::parse_kernel("kernel", {data, data + size}, kMost)) {
    for (const boards::Segment& segment : kernel->segments) {
      if (segment.bytes.size() > kMost || segment.size < segment.bytes.size()) std::abort();
    }
    if (kernel->begin() > kernel->end()) std::abort();
  }
  if (auto tree = fdt::Tree::read({data, size})) {
    visit(*tree, "/", 0);
    tree->text("/chosen", "bootargs", "console=ttyS0");
    tree->u64("/chosen", "linux,initrd-start", {0x84000000});
    (void)tree->phandle("/chosen");
    if (!fdt::Tree::read(tree->blob())) std::abort();
  }
  return 0;
}
