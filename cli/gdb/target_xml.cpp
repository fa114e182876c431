#include "cli/gdb/target_xml.h"

#include <string_view>

namespace menura::cli::gdb {

std::string target_xml(const vcpu::DebugRegisters& registers) {
  std::string text =
      "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n<architecture>";
  text += registers.architecture();
  text += "</architecture>\n";
  std::string_view feature;
  for (const vcpu::DebugRegister& reg : registers.list()) {
    if (feature != reg.feature) {
      if (!feature.empty()) text += "</feature>\n";
      feature = reg.feature;
      text.append("<feature name=\"").append(feature).append("\">\n");
      text += registers.types(feature);
    }
    text += "<reg name=\"" + reg.name + "\" bitsize=\"" + std::to_string(reg.bits) + "\" regnum=\"" +
            std::to_string(reg.number) + "\" type=\"" + reg.type + "\"";
    if (reg.group != nullptr) text.append(" group=\"").append(reg.group).append("\"");
    text += "/>\n";
  }
  return text + (feature.empty() ? "" : "</feature>\n") + "</target>\n";
}

}  // namespace menura::cli::gdb
