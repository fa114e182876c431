// What a debugger asks of the engine.
#include "backends/runtime/one_by_one.h"
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

void TranslatorEngine::set_breakpoints(std::vector<uint64_t> pcs) {
  const std::vector<uint64_t> changed = breakpoints_.set(std::move(pcs));
  if (changed.empty()) return;
  // A machine's code is not known by guest addresses.
  if (options_.machine) {
    invalidate(0, ~uint64_t{0});
  } else {
    for (const uint64_t pc : changed) invalidate(pc, pc + 1);
  }
}

vcpu::Exit TranslatorEngine::interpret(ir::CpuHeader& cpu, uint64_t instructions) {
  return run_one_by_one({frontend_, memory_, turnstile_, breakpoints_, options_.machine}, cpu, record_of(cpu),
                        instructions);
}

}  // namespace menura::runtime
