#include "backends/runtime/vcpu_record.h"

#include <sys/mman.h>

#include "backends/runtime/thunks_emit.h"

namespace menura::runtime {

namespace {

constexpr CodeRecord kNoCode{kNoPc, nullptr};

constexpr std::size_t kPage = 4096;
// 16,000 nested calls are predicted; deeper ones start afresh (TranslatorEngine::take_host_fault).
constexpr std::size_t kStackBytes = std::size_t{256} << 10;

}  // namespace

ModeTable::ModeTable(uint64_t table_mode, uint64_t table_extra) : mode(table_mode), extra(table_extra) {
  for (auto& place : places) place.store(&kNoCode, std::memory_order_relaxed);
}

void ModeTable::clear(const CodeRecord* record) { replace(record, &kNoCode); }

void ModeTable::replace(const CodeRecord* record, const CodeRecord* by) {
  const CodeRecord* expected = record;
  places[index(record->pc)].compare_exchange_strong(expected, by, std::memory_order_release);
}

Vcpu::Vcpu(TranslatorEngine& owner, ir::CpuHeader& header) : engine(owner), cpu(header), thread(pthread_self()) {}

Vcpu::~Vcpu() {
  if (stack != nullptr) munmap(stack, stack_size);
}

bool Vcpu::make_stack(const void* bottom) {
  stack_size = kStackBytes + kPage;
  void* const memory =
      mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  stack = static_cast<uint8_t*>(memory);
  if (mprotect(stack, kPage, PROT_NONE) != 0) return false;
  // The base is 8 modulo 16, as rsp at region boundaries.
  auto* pair = reinterpret_cast<uint64_t*>(stack + stack_size - 8 - 16 * kBottomPairs);
  cpu.code_rsp_base = reinterpret_cast<uint64_t>(pair);
  for (unsigned i = 0; i < kBottomPairs; ++i) {
    *pair++ = reinterpret_cast<uint64_t>(bottom);
    *pair++ = kNoPc;
  }
  drop_predictions();
  return true;
}

bool Vcpu::in_guard(uint64_t address) const { return address - reinterpret_cast<uint64_t>(stack) < kPage; }

}  // namespace menura::runtime
