#include "linux-user/abi/arm64/guest.h"

#include "frontends/arm/state.h"
#include "frontends/arm/system_registers.h"
#include "linux-user/abi/arm64/control.h"
#include "linux-user/abi/arm64/cpu_info.h"
#include "linux-user/abi/arm64/data_address.h"
#include "linux-user/process.h"

namespace menura::linux_user::arm64 {
namespace {

#include "linux-user/abi/arm64/vdso/image.inc"

constexpr uint64_t kSvcLength = 4;
constexpr unsigned kKeyCount = 5;
constexpr unsigned kBranchTypeBit = 10;
constexpr unsigned kFlagBits[] = {31, 30, 29, 28, 24, 12};  // N Z C V DIT SSBS in SPSR_EL1

constexpr int kProtBti = 0x10;        // arch/arm64/include/uapi/asm/mman.h
constexpr uint32_t kFeature1Bti = 1;  // GNU_PROPERTY_AARCH64_FEATURE_1_BTI (ELF for the Arm 64-bit Architecture)

}  // namespace

Guest::Guest(arm::FeatureSet features) : frontend_(features), registers_(*this) {
  using arm::SlotName;
  const ir::StateLayout& layout = frontend_.layout();
  const auto offset = [&](SlotName name) { return layout.slot(arm::slot(name)).offset; };
  for (unsigned n = 0; n < x_.size(); ++n) x_[n] = layout.slot(arm::x_slot(n)).offset;
  for (unsigned n = 0; n < v_.size(); ++n) v_[n] = layout.slot(arm::v_slot(n)).offset;
  flags_ = {offset(SlotName::N), offset(SlotName::Z),   offset(SlotName::C),
            offset(SlotName::V), offset(SlotName::DIT), offset(SlotName::SSBS)};
  for (unsigned half = 0; half < keys_.size(); ++half) {
    keys_[half] = layout.slot(arm::slot(SlotName::APIAKeyLo) + half).offset;
  }
  btype_ = offset(SlotName::BTYPE);
  sp_ = offset(SlotName::SP);
  tpidr_ = offset(SlotName::TPIDR_EL0);
}

const Guest& Guest::of(Thread& thread) { return static_cast<const Guest&>(thread.process().guest()); }

void Guest::make_keys(ir::CpuHeader& cpu, uint64_t keys, vcpu::Door& door) const {
  for (unsigned key = 0; key < kKeyCount; ++key) {
    if ((keys >> key & 1) == 0) continue;
    std::array<uint64_t, 2> random = {};
    door.entropy(std::as_writable_bytes(std::span(random)));
    write_slot(cpu, keys_[2 * key], random[0]);
    write_slot(cpu, keys_[2 * key + 1], random[1]);
  }
}

void Guest::set_up(ir::CpuHeader& cpu, vcpu::Door& door) const {
  if (has_pointer_authentication()) make_keys(cpu, (1U << kKeyCount) - 1, door);
  if (guard_.memory != nullptr && guard_.memory->has_protection(cpu.pc, kProtBti)) {
    cpu.mode |= arm::Mode::kCheckBranchTargets;
  }
}

bool Guest::Guard::is_guarded(uint64_t pc) const { return memory->has_protection(pc, kProtBti); }

void Guest::use_memory(GuestMemory& memory) {
  if (!arm::has(features(), arm::Feature::BTI)) return;
  memory.allow_protection(kProtBti);
  guard_.memory = &memory;
  frontend_.set_code_guard(&guard_);
}

int Guest::code_protection(uint32_t features_asked) const {
  return arm::has(features(), arm::Feature::BTI) && (features_asked & kFeature1Bti) != 0 ? kProtBti : 0;
}

// Either was started by another, so that all have it.
void Guest::sharing_memory(ir::CpuHeader& cpu) const {
  if (arm::has(features(), arm::Feature::LSE2)) cpu.mode |= arm::Mode::kSharedMemory;
}

// Threads that run already learn of it when they ask for mappings of their own: a dynamic linker guards its libraries
// before there are any, and dlopen() after a thread was started guards less than it could.
void Guest::protection_asked(ir::CpuHeader& cpu, int protection) const {
  if (guard_.memory != nullptr && (protection & kProtBti) != 0) cpu.mode |= arm::Mode::kCheckBranchTargets;
}

std::array<uint64_t, 6> Guest::syscall_arguments(const ir::CpuHeader& cpu) const {
  std::array<uint64_t, 6> arguments;
  for (unsigned i = 0; i < 6; ++i) arguments[i] = x(cpu, i);
  return arguments;
}

void Guest::restart_syscall(ir::CpuHeader& cpu, uint64_t first_argument) const {
  set_x(cpu, 0, first_argument);
  cpu.pc -= kSvcLength;
}

KernelCode Guest::kernel_code() const { return {kVdsoImage, kVdsoSigreturn, true}; }

bool Guest::retry_access(ir::CpuHeader& cpu, ir::Fault* fault) const {
  if (fault->access == ir::Access::Execute) return false;
  const std::optional<uint64_t> address = data_address(*this, cpu);
  if (!address) return false;
  const uint64_t without_tag = untagged(*address);
  if (without_tag != *address && (cpu.mode & arm::Mode::kTopByteIgnored) == 0) {
    cpu.mode |= arm::Mode::kTopByteIgnored;
    return true;
  }
  // The host gives no address with a fault that is not canonical.
  if (fault->address == 0) fault->address = without_tag;
  return false;
}

uint64_t Guest::hwcap() const { return hwcap_of(features(), 1); }
uint64_t Guest::hwcap2() const { return hwcap_of(features(), 2); }

uint64_t Guest::pstate(const ir::CpuHeader& cpu) const {
  uint64_t value = static_cast<uint64_t>(read_slot<uint32_t>(cpu, btype_) & 3) << kBranchTypeBit;
  for (unsigned i = 0; i < flags_.size(); ++i) {
    value |= static_cast<uint64_t>(read_slot<uint8_t>(cpu, flags_[i]) & 1) << kFlagBits[i];
  }
  return value;
}

void Guest::set_pstate(ir::CpuHeader& cpu, uint64_t value) const {
  for (unsigned i = 0; i < flags_.size(); ++i) {
    write_slot(cpu, flags_[i], static_cast<uint8_t>(value >> kFlagBits[i] & 1));
  }
  set_branch_type(cpu, static_cast<uint32_t>(value >> kBranchTypeBit & 3));
}

void Guest::set_branch_type(ir::CpuHeader& cpu, uint32_t type) const {
  if ((cpu.mode & arm::Mode::kCheckBranchTargets) != 0) write_slot(cpu, btype_, type);
}

Guest::Registers::Registers(const Guest& guest)
    : DebugRegisters(guest.frontend_.layout(), guest.features()), guest_(guest) {
  add({"tpidr", "org.gnu.gdb.aarch64.tls", kFirstOther, 64, "data_ptr"});
}

uint64_t Guest::Registers::get(ir::CpuHeader& cpu, unsigned number) const {
  return number == kCpsr ? guest_.pstate(cpu) : read_slot<uint64_t>(cpu, guest_.tpidr_);
}

void Guest::Registers::set(ir::CpuHeader& cpu, unsigned number, uint64_t value) const {
  number == kCpsr ? guest_.set_pstate(cpu, value) : guest_.set_thread_pointer(cpu, value);
}

Result<std::unique_ptr<GuestCpu>> make_guest(std::string_view cpu) {
  const Result<arm::FeatureSet> features = arm::parse_cpu(cpu);
  if (!features) return features.error();
  return std::unique_ptr<GuestCpu>(std::make_unique<Guest>(*features));
}

}  // namespace menura::linux_user::arm64
