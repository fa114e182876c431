#include "frontends/arm/debug_registers.h"

#include <cstring>

#include "frontends/arm/fp_status.h"
#include "frontends/arm/state.h"

namespace menura::arm {

namespace {

constexpr const char* kCore = "org.gnu.gdb.aarch64.core";
constexpr const char* kFpu = "org.gnu.gdb.aarch64.fpu";

constexpr unsigned kSp = 31;
constexpr unsigned kPc = 32;
constexpr unsigned kV0 = 34;
constexpr unsigned kFpsr = 66;
constexpr unsigned kFpcr = 67;

}  // namespace

DebugRegisters::DebugRegisters(const ir::StateLayout& layout, FeatureSet features)
    : layout_(layout), features_(features) {
  for (unsigned n = 0; n < kSp; ++n) list_.push_back({"x" + std::to_string(n), kCore, n});
  list_.push_back({"sp", kCore, kSp, 64, "data_ptr"});
  list_.push_back({"pc", kCore, kPc, 64, "code_ptr"});
  list_.push_back({"cpsr", kCore, kCpsr, 32});
  for (unsigned n = 0; n < 32; ++n) list_.push_back({"v" + std::to_string(n), kFpu, kV0 + n, 128, "aarch64v"});
  list_.push_back({"fpsr", kFpu, kFpsr, 32});
  list_.push_back({"fpcr", kFpu, kFpcr, 32});
}

std::string_view DebugRegisters::types(std::string_view feature) const {
  if (feature != kFpu) return {};
  return R"(<vector id="v2d" type="ieee_double" count="2"/>
<vector id="v4f" type="ieee_single" count="4"/>
<vector id="v2i" type="int64" count="2"/>
<vector id="v4i" type="int32" count="4"/>
<vector id="v8i" type="int16" count="8"/>
<vector id="v16i" type="int8" count="16"/>
<union id="aarch64v">
<field name="d" type="v2d"/>
<field name="s" type="v4f"/>
<field name="di" type="v2i"/>
<field name="si" type="v4i"/>
<field name="hi" type="v8i"/>
<field name="bi" type="v16i"/>
</union>
)";
}

std::byte* DebugRegisters::place_of(ir::CpuHeader& cpu, unsigned number) const {
  if (number == kPc) return reinterpret_cast<std::byte*>(&cpu.pc);
  const bool is_v = number >= kV0 && number < kV0 + 32;
  if (number > kSp && !is_v) return nullptr;
  const ir::SlotId id = number == kSp ? slot(SlotName::SP) : is_v ? v_slot(number - kV0) : x_slot(number);
  return reinterpret_cast<std::byte*>(&cpu) + layout_.slot(id).offset;
}

void DebugRegisters::read(ir::CpuHeader& cpu, std::size_t index, std::byte* value) const {
  const vcpu::DebugRegister& reg = list_[index];
  const std::byte* const place = place_of(cpu, reg.number);
  const uint64_t other = place != nullptr      ? 0
                         : reg.number == kFpsr ? fpsr(cpu)
                         : reg.number == kFpcr ? fpcr(cpu)
                                               : get(cpu, reg.number);
  std::memcpy(value, place != nullptr ? static_cast<const void*>(place) : &other, reg.bits / 8);
}

void DebugRegisters::write(ir::CpuHeader& cpu, std::size_t index, const std::byte* value) const {
  const vcpu::DebugRegister& reg = list_[index];
  if (std::byte* const place = place_of(cpu, reg.number)) {
    std::memcpy(place, value, reg.bits / 8);
    return;
  }
  uint64_t other = 0;
  std::memcpy(&other, value, reg.bits / 8);
  if (reg.number == kFpsr) {
    set_fpsr(cpu, static_cast<uint32_t>(other));
  } else if (reg.number == kFpcr) {
    set_fpcr(cpu, static_cast<uint32_t>(other), features_);
  } else {
    set(cpu, reg.number, other);
  }
}

}  // namespace menura::arm
