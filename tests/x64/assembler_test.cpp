// What the assembler encodes itself is, byte for byte, what asmjit makes of it.
#include "backends/x64/assembler.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace menura::x64::test {
namespace {

namespace x86 = asmjit::x86;
namespace Id = asmjit::x86::Inst;

class Errors : public asmjit::ErrorHandler {
 public:
  void handleError(asmjit::Error, const char* message, asmjit::BaseEmitter*) override { ADD_FAILURE() << message; }
};

class AssemblerTest : public testing::Test {
 protected:
  AssemblerTest() {
    code.init(asmjit::Environment::host());
    code.setErrorHandler(&errors);
    code.attach(&theirs);
    ours.restart();
  }
  std::vector<uint8_t> bytes(const asmjit::x86::Assembler& a) { return {a.bufferData(), a.bufferPtr()}; }

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random() % limit); }
  x86::Gp gp(bool wide) { return wide ? x86::gpq(below(16)) : x86::Gp(x86::gpd(below(16))); }
  int64_t number() {
    constexpr int64_t list[] = {0, 1, -1, 8, 127, 128, -128, -129, 255, 2048, 0x7fffffff, INT32_MIN, 0x7ffff000};
    return list[below(std::size(list))];
  }
  x86::Mem memory(unsigned size) {
    const x86::Gp base = x86::gpq(below(16));
    const auto displacement = static_cast<int32_t>(number());
    if (below(2) == 0) return x86::ptr(base, displacement, size);
    uint32_t index = below(16);
    if (index == 4) index = 5;
    return x86::ptr(base, x86::gpq(index), below(4), displacement, size);
  }
  template <typename... Operands>
  void both(asmjit::InstId id, const Operands&... operands) {
    const std::size_t at = ours.offset();
    theirs.emit(id, operands...);
    ours.emit(id, operands...);
    ASSERT_EQ(bytes(ours), bytes(theirs)) << "instruction " << id << " at " << at;
  }

  std::mt19937 random{1};
  Errors errors;
  Assembler ours{&errors};
  asmjit::CodeHolder code;
  x86::Assembler theirs;
};

TEST_F(AssemblerTest, SameBytes) {
  const asmjit::InstId arithmetic[] = {Id::kIdAdd, Id::kIdOr, Id::kIdAnd, Id::kIdSub, Id::kIdXor, Id::kIdCmp};
  for (unsigned round = 0; round < 20000 && !HasFatalFailure(); ++round) {
    const bool wide = below(2) == 0;
    const asmjit::InstId id = arithmetic[below(std::size(arithmetic))];
    switch (below(14)) {
      case 0:
        both(id, gp(wide), gp(wide));
        break;
      case 1:
        both(id, gp(wide), memory(wide ? 8 : 4));
        break;
      case 2:
        both(id, memory(wide ? 8 : 4), gp(wide));
        break;
      case 3:
        both(id, gp(wide), asmjit::Imm(number()));
        break;
      case 4:
        both(id, memory(wide ? 8 : 4), asmjit::Imm(number()));
        break;
      case 5:
        both(Id::kIdMov, gp(wide), gp(wide));
        break;
      case 6:
        both(Id::kIdMov, gp(wide), memory(wide ? 8 : 4));
        break;
      case 7:
        both(Id::kIdMov, memory(wide ? 8 : 4), gp(wide));
        break;
      case 8:
        both(Id::kIdLea, gp(wide), memory(0));
        break;
      case 9:
        both(Id::kIdTest, gp(wide), gp(wide));
        break;
      case 10:
        if (wide)
          both(Id::kIdMovsxd, x86::gpq(below(16)), memory(4));
        else
          both(Id::kIdMovsxd, x86::gpq(below(16)), x86::gpd(below(16)));
        break;
      case 11:
        if (wide)
          both(Id::kIdMovzx, x86::gpd(below(16)), memory(1 + below(2)));
        else
          both(Id::kIdMovzx, x86::gpd(below(16)), x86::gpb_lo(below(16)));
        break;
      case 12: {
        const asmjit::InstId shifts[] = {Id::kIdShl, Id::kIdShr, Id::kIdSar};
        both(shifts[below(3)], gp(wide), asmjit::Imm(below(wide ? 64 : 32)));
        break;
      }
      default:
        both(wide ? Id::kIdCall : Id::kIdJmp, memory(8));
        break;
    }
  }
}

TEST_F(AssemblerTest, Labels) {
  const asmjit::InstId jumps[] = {Id::kIdJmp, Id::kIdJo,  Id::kIdJb,  Id::kIdJae, Id::kIdJe, Id::kIdJne,
                                  Id::kIdJbe, Id::kIdJa,  Id::kIdJs,  Id::kIdJns, Id::kIdJp, Id::kIdJnp,
                                  Id::kIdJl,  Id::kIdJge, Id::kIdJle, Id::kIdJg,  Id::kIdJno};
  const auto program = [&](x86::Assembler& a, asmjit::InstId jump) {
    const asmjit::Label back = a.newLabel();
    const asmjit::Label forward = a.newLabel();
    const asmjit::Label constant = a.newLabel();
    a.bind(back);
    a.emit(jump, forward);
    a.emit(jump, back);
    a.movsd(x86::xmm1, x86::ptr(constant, 0, 8));
    a.roundsd(x86::xmm1, x86::ptr(constant, 0, 8), 3);
    for (unsigned i = 0; i < 40; ++i) a.add(x86::rax, 1);
    a.emit(jump, back);
    a.bind(forward);
    a.ret();
    a.bind(constant);
    a.dq(42);
  };
  for (const asmjit::InstId jump : jumps) {
    program(theirs, jump);
    program(ours, jump);
  }
  ours.resolve();
  EXPECT_EQ(bytes(ours), bytes(theirs));
}

TEST_F(AssemblerTest, StartsAnewAndGrows) {
  for (unsigned round = 0; round < 3; ++round) {
    ours.restart();
    const asmjit::Label end = ours.newLabel();
    for (unsigned i = 0; i < 100000; ++i) ours.jmp(end);
    ours.bind(end);
    ours.resolve();
    EXPECT_EQ(ours.offset(), 500000U);
    int32_t distance = 0;
    std::memcpy(&distance, ours.bufferData() + 1, sizeof distance);
    EXPECT_EQ(distance, 499995);
  }
}

}  // namespace
}  // namespace menura::x64::test
