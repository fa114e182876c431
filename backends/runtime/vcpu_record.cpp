#include "backends/runtime/vcpu_record.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>

#include "backends/runtime/thunks_emit.h"

namespace menura::runtime {

namespace {

constexpr std::size_t kPage = 4096;
// Guests switch between few modes; extra words may be many.
constexpr std::size_t kMostTables = 16;
// 16,000 nested calls are predicted; deeper ones start afresh (TranslatorEngine::take_host_fault).
constexpr std::size_t kStackBytes = std::size_t{256} << 10;

}  // namespace

uint64_t monotonic_nanoseconds() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

JumpTable::JumpTable() {
  void* const memory = mmap(nullptr, kLookupEntries * sizeof(CodeRecord), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  records_ = static_cast<CodeRecord*>(memory);
  records_[0].pc = empty_pc(0);  // the others are empty as they are
}

JumpTable::~JumpTable() {
  if (records_ != nullptr) munmap(records_, kLookupEntries * sizeof(CodeRecord));
}

void JumpTable::assign(uint64_t mode, uint64_t extra, const ir::MemoryPort::CodeView& view) {
  if (added_.size() < kMostAdded) {
    for (const uint16_t place : added_) records_[place].pc = empty_pc(place);
  } else {
    for (unsigned place = 0; place < kLookupEntries; ++place) records_[place].pc = empty_pc(place);
  }
  added_.clear();
  mode_ = mode;
  extra_ = extra;
  view_ = view;
}

const void* JumpTable::find(uint64_t pc) const {
  CodeRecord& place = place_of(pc);
  if (std::atomic_ref(place.pc).load(std::memory_order_relaxed) != pc) return nullptr;
  return std::atomic_ref(place.entry).load(std::memory_order_acquire);
}

void JumpTable::add(const CodeRecord& record) {
  CodeRecord& place = place_of(record.pc);
  if (added_.size() < kMostAdded) added_.push_back(static_cast<uint16_t>(&place - records_));
  std::atomic_ref(place.entry).store(record.entry, std::memory_order_relaxed);
  std::atomic_ref(place.pc).store(record.pc, std::memory_order_relaxed);
}

void JumpTable::clear(const CodeRecord& record) {
  CodeRecord& place = place_of(record.pc);
  if (place.entry != record.entry) return;
  std::atomic_ref(place.pc).store(empty_pc(lookup_place(record.pc)), std::memory_order_relaxed);
}

void JumpTable::replace(const CodeRecord& record, const CodeRecord& by) {
  CodeRecord& place = place_of(record.pc);
  if (place.entry == record.entry) std::atomic_ref(place.entry).store(by.entry, std::memory_order_release);
}

Vcpu::Vcpu(TranslatorEngine& owner, ir::CpuHeader& header, ir::MemoryPort& port)
    : Member(header), engine(owner), memory(port) {}

Vcpu::~Vcpu() {
  if (stack != nullptr) munmap(stack, stack_size);
}

JumpTable* Vcpu::find_table(uint64_t mode, uint64_t extra, const ir::MemoryPort::CodeView& view) {
  for (const auto& each : tables) {
    if (!each->is_for(mode, extra, view)) continue;
    each->last_used = ++table_clock;
    return each.get();
  }
  return nullptr;
}

JumpTable* Vcpu::make_table(uint64_t mode, uint64_t extra, const ir::MemoryPort::CodeView& view) {
  auto found = std::find_if(tables.begin(), tables.end(),
                            [&](const auto& each) { return each->was_for(mode, extra, view.context); });
  if (found == tables.end() && tables.size() < kMostTables) {
    auto added = std::make_unique<JumpTable>();
    if (!added->ok()) return nullptr;
    found = tables.insert(tables.end(), std::move(added));
  }
  if (found == tables.end()) {
    found = std::min_element(tables.begin(), tables.end(),
                             [](const auto& one, const auto& other) { return one->last_used < other->last_used; });
  }
  (*found)->assign(mode, extra, view);
  (*found)->last_used = ++table_clock;
  return found->get();
}

bool Vcpu::make_stack(const void* bottom) {
  stack_size = kStackBytes + kPage;
  void* const reserved =
      mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return false;
  stack = static_cast<uint8_t*>(reserved);
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
