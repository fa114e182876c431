// arm64 (A64) for the vector tools.
#include <algorithm>

#include "frontends/arm/decode/decode.h"
#include "frontends/arm/frontend.h"
#include "frontends/arm/state.h"
#include "tests/isa/guest.h"
#include "tests/tools/mc/mc.h"

namespace menura::tests {
namespace {

using namespace menura::arm;

// MXCSR's sticky bits and what they are in FPSR (C5.2.9): IOC, DZC, OFC, UFC, IXC.
constexpr struct {
  uint32_t mxcsr;
  uint32_t fpsr;
} kFlags[] = {{0x01, 0x01}, {0x04, 0x02}, {0x08, 0x04}, {0x10, 0x08}, {0x20, 0x10}};
constexpr uint32_t kIdc = 1U << 7;
constexpr uint32_t kQc = 1U << 27;

class Arm64 final : public Guest {
 public:
  Arm64() : frontend_(*parse_cpu("max")), assembler_("aarch64", "+all") {}

  const ir::Frontend& frontend() const override { return frontend_; }
  std::vector<uint8_t> assemble(std::string_view text) override { return assembler_.assemble(text); }
  std::span<const uint8_t> breakpoint() const override {
    static constexpr uint8_t kBrk[] = {0x00, 0x00, 0x20, 0xd4};
    return kBrk;
  }

  std::vector<std::string> rows_of(std::span<const uint8_t> code) const override {
    std::vector<std::string> ids;
    for (; code.size() >= kInstructionBytes; code = code.subspan(kInstructionBytes)) {
      const RowName name = decode(word_at(code), frontend_.features());
      if (name != RowName::None) ids.emplace_back(row(name).id);
    }
    return ids;
  }
  std::vector<std::string> all_rows() const override {
    std::vector<std::string> ids;
    for (const frontends::Row& row : rows()) {
      if (row.features.met_by(frontend_.features())) ids.emplace_back(row.id);
    }
    return ids;
  }

  std::vector<std::string> registers() const override {
    std::vector<std::string> names;
    const auto add = [&](ir::SlotId id) { names.emplace_back(frontend_.layout().slot(id).name); };
    for (unsigned i = 0; i < 31; ++i) add(x_slot(i));
    for (const SlotName one : {SlotName::SP, SlotName::N, SlotName::Z, SlotName::C, SlotName::V}) add(slot(one));
    add(slot(SlotName::FPCR));
    names.emplace_back("fpsr");
    add(slot(SlotName::TPIDR_EL0));
    for (unsigned i = 0; i < 32; ++i) add(v_slot(i));
    return names;
  }
  Value read(const ir::CpuHeader& cpu, const std::string& name) const override {
    if (name != "fpsr") return Guest::read(cpu, name);
    Value fpsr = 0;
    for (const auto& bit : kFlags) fpsr |= (cpu.mxcsr & bit.mxcsr) != 0 ? bit.fpsr : 0;
    if (Guest::read(cpu, "idc") != 0) fpsr |= kIdc;
    if (Guest::read(cpu, "qc") != 0) fpsr |= kQc;
    return fpsr;
  }
  void write(ir::CpuHeader& cpu, const std::string& name, Value value) const override {
    if (name == "fpsr") {
      for (const auto& bit : kFlags) cpu.mxcsr = (cpu.mxcsr & ~bit.mxcsr) | ((value & bit.fpsr) != 0 ? bit.mxcsr : 0);
      Guest::write(cpu, "idc", (value & kIdc) != 0 ? 1 : 0);
      Guest::write(cpu, "qc", (value & kQc) != 0 ? 1 : 0);
      return;
    }
    Guest::write(cpu, name, value);
    if (name != "fpcr") return;
    constexpr uint32_t kRounding[] = {0, 2, 1, 3};  // MXCSR.RC of nearest, up, down, to zero (C5.2.8, RMode)
    cpu.mxcsr = (cpu.mxcsr & ~(3U << 13)) | kRounding[static_cast<unsigned>(value >> 22) & 3] << 13;
    cpu.mode = Mode::of_fpcr(static_cast<uint64_t>(value));
  }
  void unknown_syscall(ir::CpuHeader& cpu) const override {
    constexpr int64_t kEnosys = -38;
    Guest::write(cpu, "x0", static_cast<uint64_t>(kEnosys));
  }

  std::string reference_compiler() const override { return "aarch64-linux-gnu-gcc"; }
  std::string reference_source() const override { return "tests/tools/record/arm64.c"; }
  // Without SVE: its signal frames hold the vector registers twice.
  std::vector<std::string> reference_command() const override {
    return {"qemu-aarch64-static", "-cpu", "max,sve=off,sme=off"};
  }

 private:
  Frontend frontend_;
  Mc assembler_;
};

}  // namespace

std::unique_ptr<Guest> make_arm64() { return std::make_unique<Arm64>(); }

}  // namespace menura::tests
