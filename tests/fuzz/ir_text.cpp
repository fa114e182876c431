// Any text as IR: parsing, verifying, printing. What parses must print to a text that parses to the same print.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "frontends/riscv/frontend.h"
#include "ir/text/parse.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace menura;
  // A real guest's slots and helpers; which guest makes no difference to the text.
  static const riscv::Frontend kFrontend(*riscv::parse_cpu("max"));
  const auto region = ir::parse({reinterpret_cast<const char*>(data), size}, kFrontend.layout(), kFrontend.helpers());
  if (!region) return 0;
  ir::verify(*region, kFrontend.layout(), kFrontend.helpers());
  const std::string text = ir::print(*region, kFrontend.layout(), kFrontend.helpers());
  const auto again = ir::parse(text, kFrontend.layout(), kFrontend.helpers());
  if (!again || ir::print(*again, kFrontend.layout(), kFrontend.helpers()) != text) {
    std::fprintf(stderr, "print and parse disagree: %s\n%s", again ? "another text" : again.error().message.c_str(),
                 text.c_str());
    std::abort();
  }
  return 0;
}
