#include "frontends/riscv/debug_registers.h"

#include <cstring>

#include "frontends/riscv/fcsr.h"
#include "frontends/riscv/state.h"
#include "frontends/riscv/system/csr.h"
#include "frontends/riscv/system/hart.h"

namespace menura::riscv {

namespace {

constexpr const char* kCpu = "org.gnu.gdb.riscv.cpu";
constexpr const char* kFpu = "org.gnu.gdb.riscv.fpu";
constexpr const char* kCsr = "org.gnu.gdb.riscv.csr";
constexpr const char* kVirtual = "org.gnu.gdb.riscv.virtual";

constexpr unsigned kPc = 32;
constexpr unsigned kF0 = 33;
constexpr unsigned kCsr0 = 65;
constexpr unsigned kCsrs = 4096;
constexpr unsigned kPriv = kCsr0 + kCsrs;  // the privilege level
constexpr bool is_float_csr(unsigned number) { return number >= kCsr0 + kFflags && number <= kCsr0 + kFcsr; }

}  // namespace

DebugRegisters::DebugRegisters(const Frontend& frontend) : frontend_(frontend) {
  const ir::StateLayout& layout = frontend.layout();
  list_.push_back({"zero", kCpu, 0});
  for (unsigned n = 1; n < 32; ++n) {
    const bool points = n <= 4;  // ra, sp, gp, tp
    list_.push_back({std::string(layout.slot(x_slot(n)).name), kCpu, n, 64,
                     n == 1   ? "code_ptr"
                     : points ? "data_ptr"
                              : "int"});
  }
  list_.push_back({"pc", kCpu, kPc, 64, "code_ptr"});
  if (has(frontend.features(), Feature::D)) {
    for (unsigned n = 0; n < 32; ++n) {
      list_.push_back({std::string(layout.slot(f_slot(n)).name), kFpu, kF0 + n, 64, "riscv_double"});
    }
    for (const unsigned csr : {kFflags, kFrm, kFcsr}) {
      list_.push_back({csr_name(csr), kFpu, kCsr0 + csr, 32, "int", "float"});
    }
  }
  if (frontend.level() != Level::Machine) return;
  for (unsigned csr = kFcsr + 1; csr < kCsrs; ++csr) {
    if (csr_exists(find_csr(csr), frontend.features())) {
      list_.push_back({csr_name(csr), kCsr, kCsr0 + csr, 64, "int", "system"});
    }
  }
  list_.push_back({"priv", kVirtual, kPriv, 64, "int", "system"});
}

std::string_view DebugRegisters::types(std::string_view feature) const {
  if (feature != kFpu) return {};
  return R"(<union id="riscv_double">
<field name="float" type="ieee_single"/>
<field name="double" type="ieee_double"/>
</union>
)";
}

uint64_t* DebugRegisters::slot_of(ir::CpuHeader& cpu, unsigned number) const {
  const bool is_x = number >= 1 && number < kPc;
  if (!is_x && !(number >= kF0 && number < kF0 + 32)) return nullptr;
  const ir::SlotId id = is_x ? x_slot(number) : f_slot(number - kF0);
  return reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(&cpu) + frontend_.layout().slot(id).offset);
}

uint64_t DebugRegisters::float_csr(const ir::CpuHeader& cpu, unsigned csr) const {
  const uint32_t all = fcsr(cpu, frontend_.layout());
  return csr == kFflags ? all & 31 : csr == kFrm ? all >> 5 : all;
}

void DebugRegisters::set_float_csr(ir::CpuHeader& cpu, unsigned csr, uint64_t value) const {
  const uint32_t old = fcsr(cpu, frontend_.layout());
  const auto narrow = static_cast<uint32_t>(value);
  set_fcsr(cpu, frontend_.layout(),
           csr == kFflags ? (old & ~31U) | (narrow & 31)
           : csr == kFrm  ? (old & 31) | (narrow & 7) << 5
                          : narrow);
}

uint64_t DebugRegisters::get(ir::CpuHeader& cpu, unsigned number) const {
  if (const uint64_t* const at = slot_of(cpu, number)) return *at;
  if (number == kPc) return cpu.pc;
  if (is_float_csr(number)) return float_csr(cpu, number - kCsr0);
  if (number == kPriv) return static_cast<uint64_t>(Hart::of(cpu).privilege());
  return number >= kCsr0 ? Hart::of(cpu).read_csr(number - kCsr0) : 0;
}

void DebugRegisters::set(ir::CpuHeader& cpu, unsigned number, uint64_t value) const {
  if (uint64_t* const at = slot_of(cpu, number)) {
    *at = value;
  } else if (number == kPc) {
    cpu.pc = value & ~uint64_t{1};
  } else if (is_float_csr(number)) {
    set_float_csr(cpu, number - kCsr0, value);
  } else if (number >= kCsr0 && number != kPriv) {
    Hart::of(cpu).write_csr(number - kCsr0, value);
    Hart::of(cpu).refresh();
  }
}

void DebugRegisters::read(ir::CpuHeader& cpu, std::size_t index, std::byte* value) const {
  const uint64_t all = get(cpu, list_[index].number);
  std::memcpy(value, &all, list_[index].bits / 8);
}

void DebugRegisters::write(ir::CpuHeader& cpu, std::size_t index, const std::byte* value) const {
  uint64_t all = 0;
  std::memcpy(&all, value, list_[index].bits / 8);
  set(cpu, list_[index].number, all);
}

}  // namespace menura::riscv
