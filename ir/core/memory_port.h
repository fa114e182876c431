// MemoryPort: guest memory as the interpreter, the translator and helpers see it. linux-user and softmmu implement it.
#pragma once

#include <cstdint>
#include <span>

namespace menura::ir {

enum class Access : uint8_t { Read, Write, Execute };

// What kind of guest exception an access raises. Values are translated to signals or to guest traps above.
enum class FaultKind : uint8_t {
  None,
  Unmapped,    // nothing is mapped there (SEGV_MAPERR)
  Protection,  // mapped, but not for this access (SEGV_ACCERR)
  Bus,         // mapped, nothing behind it: past the end of a file (BUS_ADRERR)
  Misaligned,  // (BUS_ADRALN)
};

struct Fault {
  FaultKind kind = FaultKind::None;
  Access access = Access::Read;
  uint64_t address = 0;   // the first byte that could not be accessed
  uint32_t syndrome = 0;  // machines: why, in the guest's own terms (softmmu::PageWalker)
};

// Where guest code comes from, as the next run would find it again.
struct CodeOrigin {
  uint64_t object = 0;  // names one version of a file; 0: nothing that lasts
  uint64_t offset = 0;  // in it, bytes
};

struct CpuHeader;

class MemoryPort {
 public:
  virtual ~MemoryPort() = default;

  // Copies between guest memory and `data`. Either all bytes are transferred, or none is and *fault says why. Naturally
  // aligned accesses of 1, 2, 4, 8 bytes are single-copy atomic; those of 16 bytes, too, where the host has AVX.
  virtual bool read(uint64_t address, void* data, unsigned size, Fault* fault) = 0;
  virtual bool write(uint64_t address, const void* data, unsigned size, Fault* fault) = 0;

  // Host address of `size` naturally aligned bytes, for atomic read-modify-write; nullptr and *fault otherwise. The
  // pointer is good until the next call of any function here.
  virtual void* atomic_pointer(uint64_t address, unsigned size, Fault* fault) = 0;

  // Raises what an access would raise, without making it.
  virtual bool probe(uint64_t address, uint64_t size, Access access, Fault* fault) = 0;

  // Up to `want` bytes of guest code at `address`, fewer where executable memory ends before; empty with *fault where
  // the first byte is not executable. The span is good until guest memory changes.
  virtual std::span<const uint8_t> fetch(uint64_t address, unsigned want, Fault* fault) = 0;

  // Code was translated from [begin, end): before any of these bytes changes (through whatever alias), the
  // implementation calls vcpu::Engine::invalidate for them. Called before the bytes are read for translation.
  virtual void watch_code(uint64_t begin, uint64_t end) = 0;

  // What lies at `address`: a hint, nobody may conclude from it which bytes are there.
  virtual CodeOrigin code_origin(uint64_t) { return {}; }

  // --- machines, where addresses are translated; a process leaves these as they are.

  // Memory as this virtual CPU sees it.
  virtual MemoryPort& of(CpuHeader&) { return *this; }
  // The same memory through another translation regime (MemDesc::mmu_index).
  virtual MemoryPort& in_regime(unsigned) { return *this; }

  // The physical address of the page that `address` lies in, as fetch() sees it now: code is known by it. False and
  // *fault where nothing can be fetched.
  virtual bool code_frame(uint64_t, uint64_t*, Fault*) { return false; }
  // What is known of code by its address alone is good as long as this stays the same. Asked at the start of run() and
  // after code_frame().
  struct CodeView {
    uint64_t context = 0;     // equal numbers, equal translations
    uint64_t generation = 0;  // of the context's translations
    bool operator==(const CodeView&) const = default;
  };
  virtual CodeView code_view() { return {}; }
};

}  // namespace menura::ir
