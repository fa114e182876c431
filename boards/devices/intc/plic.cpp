// RISC-V's Platform-Level Interrupt Controller: 96 sources, two contexts (machine, supervisor) per hart.
// After: "RISC-V Platform-Level Interrupt Controller Specification" 1.0.0.
// Not modelled: edge-triggered sources, more than 7 priorities.
#include <array>
#include <bit>
#include <mutex>

#include "boards/devices/devices.h"

namespace menura::boards {
namespace {

constexpr unsigned kSources = 96;  // 1 to 96; 0 is none
constexpr unsigned kWords = kSources / 32 + 1;
constexpr uint32_t kMostPriority = 7;
constexpr uint64_t kPending = 0x1000, kEnables = 0x2000, kContexts = 0x200000;
constexpr uint64_t kEnableStride = 0x80, kContextStride = 0x1000;
constexpr uint64_t kThreshold = 0, kClaim = 4;  // in a context

constexpr RegisterRow kRegisters[] = {
    {0x000004, 4, Rights::Rw, "PRIORITY", "2:0 of this source; 0: never", kSources},
    {0x001000, 4, Rights::Ro, "PENDING", "a bit for each source", kWords},
    {0x002000, 4, Rights::Rw, "ENABLE", "a bit for each source; 0x80 bytes for each context", 15872 * 32},
    {0x200000, 4, Rights::Rw, "THRESHOLD", "2:0 of this context", 1024, 0x1000},
    {0x200004, 4, Rights::Rw, "CLAIM/COMPLETE", "source", 1024, 0x1000},
};

using Bits = std::array<uint32_t, kWords>;

class Plic final : public Device, public InterruptSink {
 public:
  explicit Plic(const DeviceSetup& setup) : log_(setup.log, kPlic), contexts_(std::size_t{setup.cpus} * 2) {
    for (std::size_t i = 0; i < contexts_.size() && i < setup.interrupts.size(); ++i) {
      contexts_[i].wire = setup.interrupts[i];
    }
    Plic::reset();
  }

  void reset() override {
    const std::lock_guard lock(mutex_);
    priority_ = {};
    claimed_ = {};
    pending_ = level_;  // what the devices say stays
    for (Context& context : contexts_) {
      context.enabled = {};
      context.threshold = 0;
    }
    update();
  }
  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("PRIORITY", priority_);
    visitor("levels", level_);
    visitor("PENDING", pending_);
    visitor("claimed", claimed_);
    for (Context& context : contexts_) {
      visitor("ENABLE", context.enabled);
      visitor("THRESHOLD", context.threshold);
    }
  }
  void restored() override {
    const std::lock_guard lock(mutex_);
    update();
  }
  InterruptSink* inputs() override { return this; }

  // The gateway of a level-triggered source: a request goes on while none of it is under way (chapter 3);
  // one that was sent stays, also when the level falls.
  void set_input(unsigned input, bool level) override {
    if (input == 0 || input > kSources) return;
    const std::lock_guard lock(mutex_);
    const uint32_t bit = uint32_t{1} << (input % 32);
    uint32_t& word = level_[input / 32];
    const uint32_t before = word;
    word = level ? word | bit : word & ~bit;
    if (word == before) return;
    if (!level) return;
    pending_[input / 32] |= bit & ~claimed_[input / 32];
    update();
  }

  uint64_t mmio_read(uint64_t offset, unsigned) override {
    const std::lock_guard lock(mutex_);
    if (offset < kPending && offset / 4 <= kSources) return priority_[offset / 4];
    if (offset >= kPending && offset < kPending + 4 * kWords) return pending_[(offset - kPending) / 4];
    if (const uint32_t* const word = enable_word(offset)) return *word;
    if (Context* const context = context_of(offset)) {
      if (offset % kContextStride == kThreshold) return context->threshold;
      if (offset % kContextStride == kClaim) return claim(*context);
    }
    log_.bad_read(offset);
    return 0;
  }

  void mmio_write(uint64_t offset, unsigned, uint64_t value) override {
    const std::lock_guard lock(mutex_);
    const auto word_value = static_cast<uint32_t>(value);
    if (offset < kPending && offset / 4 <= kSources && offset != 0) {
      priority_[offset / 4] = word_value & kMostPriority;
    } else if (uint32_t* const word = enable_word(offset)) {
      const uint64_t index = (offset - kEnables) % kEnableStride / 4;
      *word = word_value & usable(index);
    } else if (Context* const context = context_of(offset);
               context != nullptr && offset % kContextStride == kThreshold) {
      context->threshold = word_value & kMostPriority;
    } else if (context != nullptr && offset % kContextStride == kClaim) {
      complete(*context, word_value);
    } else {
      log_.bad_write(offset, value);
      return;
    }
    update();
  }

 private:
  struct Context {
    Wire wire;
    Bits enabled = {};
    uint32_t threshold = 0;
  };

  // The sources of a word of 32.
  static uint32_t usable(uint64_t word) {
    const uint32_t all = word == kSources / 32 ? (uint32_t{2} << (kSources % 32)) - 1 : ~uint32_t{0};
    return word == 0 ? all & ~uint32_t{1} : all;
  }

  uint32_t* enable_word(uint64_t offset) {
    if (offset < kEnables || offset >= kContexts) return nullptr;
    const uint64_t context = (offset - kEnables) / kEnableStride;
    const uint64_t word = (offset - kEnables) % kEnableStride / 4;
    return context < contexts_.size() && word < kWords ? &contexts_[context].enabled[word] : nullptr;
  }

  Context* context_of(uint64_t offset) {
    if (offset < kContexts) return nullptr;
    const uint64_t index = (offset - kContexts) / kContextStride;
    return index < contexts_.size() ? &contexts_[index] : nullptr;
  }

  // The enabled pending source of the highest priority above `floor`, of equals the lowest; 0: none.
  uint32_t best(const Context& context, uint32_t floor) const {
    uint32_t found = 0;
    for (unsigned word = 0; word < kWords; ++word) {
      for (uint32_t bits = pending_[word] & context.enabled[word]; bits != 0; bits &= bits - 1) {
        const unsigned source = word * 32 + static_cast<unsigned>(std::countr_zero(bits));
        if (priority_[source] > floor) {
          found = source;
          floor = priority_[source];
        }
      }
    }
    return found;
  }

  // Claiming does not mind the threshold (chapter 9).
  uint32_t claim(const Context& context) {
    const uint32_t source = best(context, 0);
    if (source != 0) {
      pending_[source / 32] &= ~(uint32_t{1} << (source % 32));
      claimed_[source / 32] |= uint32_t{1} << (source % 32);
      update();
    }
    return source;
  }

  // Ignored unless the source is enabled for the context (chapter 10).
  void complete(const Context& context, uint32_t source) {
    if (source == 0 || source > kSources) return;
    const uint32_t bit = uint32_t{1} << (source % 32);
    if ((context.enabled[source / 32] & bit) == 0) return;
    claimed_[source / 32] &= ~bit;
    pending_[source / 32] |= level_[source / 32] & bit;
  }

  void update() {
    for (Context& context : contexts_) context.wire.set(best(context, context.threshold) != 0);
  }

  const DeviceLog log_;
  std::mutex mutex_;
  std::array<uint32_t, kSources + 1> priority_ = {};
  Bits level_ = {}, pending_ = {}, claimed_ = {};
  std::vector<Context> contexts_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<Plic>(setup); }

void describe(fdt::Tree& tree, const std::string& path, unsigned) {
  tree.flag(path, "interrupt-controller");
  tree.cells(path, "#interrupt-cells", {1});
  tree.cells(path, "#address-cells", {0});
  tree.cells(path, "riscv,ndev", {kSources});
}

}  // namespace

const DeviceKind kPlic = {
    .name = "plic",
    .what = "RISC-V interrupt controller for 96 sources",
    .datasheet = "RISC-V PLIC Specification 1.0.0",
    .node = "plic",
    .compatible = "sifive,plic-1.0.0 riscv,plic0",
    .size = 0x600000,
    .access = {4, 4},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
};

}  // namespace menura::boards
