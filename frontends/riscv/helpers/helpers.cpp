#include "frontends/riscv/helpers/helpers.h"

#include "frontends/riscv/state.h"

namespace menura::riscv {
namespace {

using ir::CpuHeader;
using ir::Helper;
using ir::Type;

// Slots that both layouts have at the same place are reached through the layout of 64 bits only where they are; frm's
// offset differs, so it is written by IR and this helper keeps to the header.
uint64_t set_frm(CpuHeader* cpu, uint64_t frm, uint64_t, uint64_t, uint64_t) {
  cpu->mode = (cpu->mode & ~(Mode::kNearestAway | Mode::kFrmInvalid)) | Mode::of_frm(static_cast<unsigned>(frm & 7));
  return 0;
}

constexpr Helper kHelpers[] = {
    {.name = "riscv.set_frm",
     .function = set_frm,
     .result = Type::Void,
     .arg_count = 1,
     .args = {Type::I32},
     .effects = {.reads_state = false, .writes_state = true, .fp_flags = false, .memory = false}},
};
constexpr ir::HelperTable kTable{kHelpers};

}  // namespace

const ir::HelperTable& helper_table() { return kTable; }

}  // namespace menura::riscv
