// RISC-V for the vector tools: riscv (64-bit) and riscv32.
#include <cstring>

#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "tests/isa/guest.h"
#include "tests/tools/mc/mc.h"

namespace menura::tests {
namespace {

using namespace menura::riscv;

constexpr const char* kBase =
    "+m,+a,+f,+d,+zicsr,+zifencei,+zicntr,+zba,+zbb,+zbc,+zbs,+zbkb,+zicond,+zicbom,+zicboz,+zicbop,+zihintpause,+"
    "zawrs,"
    "+zfa,+zfhmin";

// MXCSR's sticky bits and what they are in fflags.
constexpr struct {
  uint32_t mxcsr;
  uint32_t fflags;
} kFlags[] = {{0x01, 0x10}, {0x04, 0x08}, {0x08, 0x04}, {0x10, 0x02}, {0x20, 0x01}};

class Riscv final : public Guest {
 public:
  explicit Riscv(unsigned xlen)
      : xlen_(xlen),
        frontend_(features(xlen)),
        plain_(triple(), kBase),
        compressed_(triple(), std::string(kBase) + ",+c") {}

  const ir::Frontend& frontend() const override { return frontend_; }

  // Compressed instructions only where the line says c., or every other one that can be would be compressed, too.
  std::vector<uint8_t> assemble(std::string_view text) override {
    std::vector<uint8_t> bytes;
    while (!text.empty()) {
      const size_t end = std::min(text.find(';'), text.size());
      std::string_view one = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
      const std::vector<uint8_t> code = (one.substr(0, 2) == "c." ? compressed_ : plain_).assemble(one);
      bytes.insert(bytes.end(), code.begin(), code.end());
    }
    return bytes;
  }
  std::span<const uint8_t> breakpoint() const override {
    static constexpr uint8_t kCEbreak[] = {0x02, 0x90};
    return kCEbreak;
  }

  std::vector<std::string> rows_of(std::span<const uint8_t> code) const override {
    std::vector<std::string> ids;
    while (code.size() >= 2) {
      const uint32_t word = word_at(code);
      const RowName name = decode(word, frontend_.features());
      if (name != RowName::None) ids.emplace_back(row(name).id);
      code = code.subspan(std::min<size_t>(length_of(word), code.size()));
    }
    return ids;
  }
  std::vector<std::string> all_rows() const override {
    std::vector<std::string> ids;
    for (const frontends::Row& row : rows()) {
      // What both bases have is covered by riscv's vectors.
      const bool shared = row.features.met_by(features(64)) && row.features.met_by(features(32));
      if (row.features.met_by(frontend_.features()) && (xlen_ == 64 || !shared)) ids.emplace_back(row.id);
    }
    return ids;
  }

  std::vector<std::string> registers() const override {
    std::vector<std::string> names;
    for (unsigned i = 1; i < 32; ++i) names.emplace_back(frontend_.layout().slot(x_slot(i)).name);
    for (unsigned i = 0; i < 32; ++i) names.emplace_back(frontend_.layout().slot(f_slot(i)).name);
    names.emplace_back("fflags");
    names.emplace_back("frm");
    return names;
  }
  Value read(const ir::CpuHeader& cpu, const std::string& name) const override {
    if (name != "fflags") return Guest::read(cpu, name);
    Value flags = 0;
    for (const auto& bit : kFlags) flags |= (cpu.mxcsr & bit.mxcsr) != 0 ? bit.fflags : 0;
    return flags;
  }
  void write(ir::CpuHeader& cpu, const std::string& name, Value value) const override {
    if (name == "fflags") {
      for (const auto& bit : kFlags) cpu.mxcsr = (cpu.mxcsr & ~bit.mxcsr) | ((value & bit.fflags) != 0 ? bit.mxcsr : 0);
      return;
    }
    Guest::write(cpu, name, value);
    if (name != "frm") return;
    const auto frm = static_cast<unsigned>(value);
    constexpr uint32_t kRounding[] = {0, 3, 1, 2};  // MXCSR.RC of nearest, to zero, down, up
    cpu.mxcsr = (cpu.mxcsr & ~(3U << 13)) | (frm < 4 ? kRounding[frm] << 13 : 0);
    cpu.mode = Mode::of_frm(frm);
  }
  void unknown_syscall(ir::CpuHeader& cpu) const override {
    constexpr int64_t kEnosys = -38;
    const ir::Slot& a0 = frontend_.layout().slot(slot(SlotName::X10));
    std::memcpy(reinterpret_cast<char*>(&cpu) + a0.offset, &kEnosys, ir::storage_bytes(a0.type));
  }

  std::string reference_compiler() const override {
    const std::string freestanding =
        " -march=rv32gc -mabi=ilp32d -nostdlib -ffreestanding -fno-pie -no-pie -Wl,-melf32lriscv";
    return "riscv64-linux-gnu-gcc -mno-relax" + (xlen_ == 32 ? freestanding : std::string());
  }
  std::string reference_source() const override { return "tests/tools/record/" + triple() + ".c"; }
  std::vector<std::string> reference_command() const override {
    const std::string base = xlen_ == 32 ? "rv32" : "rv64";
    return {"qemu-" + triple() + "-static", "-cpu",
            base + ",zba=true,zbb=true,zbc=true,zbs=true,zbkb=true,Zfhmin=true"};
  }

 private:
  std::string triple() const { return xlen_ == 32 ? "riscv32" : "riscv64"; }
  static FeatureSet features(unsigned xlen) {
    const FeatureSet max = *parse_cpu("max") - kPrivileged;
    return xlen == 32 ? max - set_of(Feature::RV64) + set_of(Feature::RV32) : max;
  }

  unsigned xlen_;
  Frontend frontend_;
  Mc plain_;
  Mc compressed_;
};

}  // namespace

std::unique_ptr<Guest> make_riscv(unsigned xlen) { return std::make_unique<Riscv>(xlen); }

}  // namespace menura::tests
