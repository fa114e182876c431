#include "frontends/arm/system/psci.h"

#include "frontends/arm/system/cpu.h"

namespace menura::arm {
namespace {

// DEN 0022, 5.1: function identifiers; bit 30 marks those with 64-bit arguments.
enum Function : uint32_t {
  kVersion = 0x84000000,
  kCpuSuspend = 0x84000001,
  kCpuOff = 0x84000002,
  kCpuOn = 0x84000003,
  kAffinityInfo = 0x84000004,
  kMigrateInfoType = 0x84000006,
  kSystemOff = 0x84000008,
  kSystemReset = 0x84000009,
  kFeatures = 0x8400000a,
};
constexpr uint32_t k64Bit = 0x40000000;

// 5.2.2
enum Error : int64_t {
  kSuccess = 0,
  kNotSupported = -1,
  kInvalidParameters = -2,
  kAlreadyOn = -4,
  kOnPending = -5,
};

bool has_64_bit_form(uint32_t function) {
  return function == kCpuSuspend || function == kCpuOn || function == kAffinityInfo;
}

bool exists(uint32_t function) {
  const uint32_t base = function & ~k64Bit;
  if (function != base && !has_64_bit_form(base)) return false;
  switch (base) {
    case kVersion:
    case kCpuSuspend:
    case kCpuOff:
    case kCpuOn:
    case kAffinityInfo:
    case kMigrateInfoType:
    case kSystemOff:
    case kSystemReset:
    case kFeatures:
      return true;
    default:
      return false;
  }
}

}  // namespace

PsciAnswer psci(const PsciCall& call, Cluster& cluster) {
  if (!exists(call.function)) return {kNotSupported};
  const bool is_64 = (call.function & k64Bit) != 0;
  const auto argument = [&](unsigned n) {
    return is_64 ? call.arguments[n] : static_cast<uint32_t>(call.arguments[n]);
  };
  switch (call.function & ~k64Bit) {
    case kVersion:
      return {0x00010001};
    case kFeatures:
      return {exists(static_cast<uint32_t>(call.arguments[0])) ? kSuccess : kNotSupported};
    case kMigrateInfoType:
      return {2};      // no trusted OS that would have to migrate
    case kCpuSuspend:  // 5.4: any state may be entered as standby
      return {kSuccess, vcpu::SystemCpu::Next::Wait};
    case kCpuOff:
      return {kSuccess, vcpu::SystemCpu::Next::Off};
    case kSystemOff:
      if (cluster.power != nullptr) cluster.power->power_off();
      return {kSuccess, vcpu::SystemCpu::Next::Off};
    case kSystemReset:
      if (cluster.power != nullptr) cluster.power->reset();
      return {kSuccess, vcpu::SystemCpu::Next::Off};
    default:
      break;
  }
  Cpu* const target = cluster.find(argument(0));
  if (target == nullptr) return {kInvalidParameters};
  using Power = Cpu::Power;
  if ((call.function & ~k64Bit) == kAffinityInfo) {  // 5.7: of the lowest level; higher ones need not be known
    if (argument(1) != 0) return {kInvalidParameters};
    const Power power = target->power();
    return {power == Power::On ? 0 : power == Power::Off ? 1 : 2};
  }
  switch (target->turn_on(argument(1), argument(2))) {
    case Power::Off:
      return {kSuccess};
    case Power::On:
      return {kAlreadyOn};
    default:
      return {kOnPending};
  }
}

}  // namespace menura::arm
