#include "frontends/arm/helpers/helpers.h"

#include "frontends/arm/helpers/floating_point.h"
#include "frontends/arm/helpers/qarma5.h"
#include "frontends/arm/state.h"
#include "ir/interp/estimates.h"
#include "vcpu/door.h"

namespace menura::arm {
namespace {

using ir::CpuHeader;
using ir::Helper;
using ir::Type;

uint64_t counter(CpuHeader* cpu, uint64_t, uint64_t, uint64_t, uint64_t) {
  return cpu->door == nullptr ? 0 : count_of(*static_cast<vcpu::Door*>(cpu->door));
}

uint64_t random(CpuHeader* cpu, uint64_t, uint64_t, uint64_t, uint64_t) {
  uint64_t value = 0;
  if (cpu->door != nullptr) {
    static_cast<vcpu::Door*>(cpu->door)->entropy(std::as_writable_bytes(std::span(&value, 1)));
  }
  return value;
}

uint64_t set_fpcr_mode(CpuHeader* cpu, uint64_t fpcr, uint64_t, uint64_t, uint64_t) {
  cpu->mode = (cpu->mode & ~Mode::kFpcrBits) | Mode::of_fpcr(fpcr);
  return 0;
}

uint64_t denormal_seen(CpuHeader* cpu, uint64_t, uint64_t, uint64_t, uint64_t) { return cpu->fp_denormal != 0; }
uint64_t set_denormal_seen(CpuHeader* cpu, uint64_t flag, uint64_t, uint64_t, uint64_t) {
  cpu->fp_denormal = flag != 0;
  return 0;
}

uint64_t clear_exclusive(CpuHeader* cpu, uint64_t, uint64_t, uint64_t, uint64_t) {
  cpu->reservation_address = CpuHeader::kNoReservation;
  return 0;
}

uint64_t qarma5_code(CpuHeader*, uint64_t data, uint64_t modifier, uint64_t key_low, uint64_t key_high) {
  return qarma5(data, modifier, key_high, key_low);
}

// UnsignedRecipEstimate and UnsignedRSqrtEstimate (shared/functions/vector), of each of two words.
uint32_t unsigned_recip_estimate(uint32_t x) { return x < 1U << 31 ? ~0U : ir::recip_estimate(x >> 23) << 23; }
uint32_t unsigned_rsqrt_estimate(uint32_t x) { return x < 1U << 30 ? ~0U : ir::recip_sqrt_estimate(x >> 23) << 23; }
uint64_t urecpe(CpuHeader*, uint64_t words, uint64_t, uint64_t, uint64_t) {
  return uint64_t{unsigned_recip_estimate(static_cast<uint32_t>(words >> 32))} << 32 |
         unsigned_recip_estimate(static_cast<uint32_t>(words));
}
uint64_t ursqrte(CpuHeader*, uint64_t words, uint64_t, uint64_t, uint64_t) {
  return uint64_t{unsigned_rsqrt_estimate(static_cast<uint32_t>(words >> 32))} << 32 |
         unsigned_rsqrt_estimate(static_cast<uint32_t>(words));
}

constexpr Helper pure(std::string_view name, ir::HelperFunction function) {
  return {.name = name, .function = function, .result = Type::I64, .arg_count = 1, .args = {Type::I64}, .effects = {}};
}
constexpr Helper kHelpers[] = {
    {.name = "arm.counter",
     .function = counter,
     .result = Type::I64,
     .arg_count = 0,
     .args = {},
     .effects = {.reads_state = true, .writes_state = true}},  // never merged: time passes
    {.name = "arm.random",
     .function = random,
     .result = Type::I64,
     .arg_count = 0,
     .args = {},
     .effects = {.reads_state = true, .writes_state = true}},
    {.name = "arm.set_fpcr_mode",
     .function = set_fpcr_mode,
     .result = Type::Void,
     .arg_count = 1,
     .args = {Type::I32},
     .effects = {.writes_state = true}},
    // Operations under FPCR.FZ change it behind the optimizer's back, which knows slots: so it is none there.
    {.name = "arm.denormal_seen",
     .function = denormal_seen,
     .result = Type::I32,
     .arg_count = 0,
     .args = {},
     .effects = {.fp_flags = true}},
    {.name = "arm.set_denormal_seen",
     .function = set_denormal_seen,
     .result = Type::Void,
     .arg_count = 1,
     .args = {Type::I32},
     .effects = {.fp_flags = true}},
    {.name = "arm.clear_exclusive",
     .function = clear_exclusive,
     .result = Type::Void,
     .arg_count = 0,
     .args = {},
     .effects = {.writes_state = true}},
    {.name = "arm.qarma5",
     .function = qarma5_code,
     .result = Type::I64,
     .arg_count = 4,
     .args = {Type::I64, Type::I64, Type::I64, Type::I64},
     .effects = {}},
    pure("arm.urecpe", urecpe),
    pure("arm.ursqrte", ursqrte),
    {.name = "arm.fp_lanes",
     .function = fp_lanes,
     .result = Type::I64,
     .arg_count = 4,
     .args = {Type::I64, Type::I64, Type::I64, Type::I64},
     .effects = {.fp_flags = true}},
};
constexpr ir::HelperTable kTable{kHelpers};

}  // namespace

uint64_t counter_rate(const vcpu::Door& door) {
  return door.counter_hz() == kOldCounterHz ? kOldCounterHz : kCounterHz;
}

// D12.1.2: counts at CNTFRQ_EL0's rate.
uint64_t count_of(vcpu::Door& door) {
  using Wide = unsigned __int128;
  return static_cast<uint64_t>(Wide{door.counter()} * counter_rate(door) / door.counter_hz());
}

const ir::HelperTable& helper_table() { return kTable; }

}  // namespace menura::arm
