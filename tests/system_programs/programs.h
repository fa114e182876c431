// Programs without an operating system, whose output on every engine is what was recorded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ir/api/frontend.h"
#include "ir/core/memory_port.h"
#include "vcpu/engine.h"

namespace menura::runtime {
class CodeStore;
}

namespace menura::tests {

using MakeEngine = std::function<std::unique_ptr<vcpu::Engine>(const ir::Frontend&, ir::MemoryPort&)>;
MakeEngine interpreter();
// In both gears: what runs more often than `hot_threshold` says is compiled anew; 0: nothing is.
// `store`: where it finds and keeps code; it outlives the engine.
MakeEngine x64_engine(int32_t hot_threshold, runtime::CodeStore* store = nullptr);

// Runs a program twice, the second time with the code that the first has left.
void run_with_kept_code(const std::function<void(const MakeEngine&)>& run);

#ifndef __SANITIZE_ADDRESS__  // LLVM's library is the same in both builds, and slow
// All that runs a second time goes to LLVM at once.
MakeEngine llvm_engine();
#endif

std::string contents(const std::string& path);

// The names of the files <folder>/expected/<name>.txt.
std::vector<std::string> program_names(const std::string& folder);

// Compares line by line, and keeps `output` in the folder that MENURA_SAVE_OUTPUT names.
void expect_output(const std::string& folder, const std::string& name, const std::string& output);

}  // namespace menura::tests
