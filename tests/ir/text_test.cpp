#include <gtest/gtest.h>

#include "ir/api/former.h"
#include "ir/text/parse.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"
#include "tests/ir/test_memory.h"
#include "tests/ir/test_state.h"
#include "tests/ir/toy_guest.h"

namespace menura::ir::test {
namespace {

// As the printer writes it, so that it must come back letter by letter.
constexpr std::string_view kSample = R"(region pc=0x10000 mode=0x1 extra=0x2 order=tso instructions=3
guest 0x10000..0x1000c
b0:
  insn +0, length=4
  v1:i64 = get $r5
  v2:i64 = const -8
  v3:i64 = add v1, v2
  v4:i64 = load v3+8, size=4 le sx order=acquire align=4
  store v1-0x1234, v4, size=8 be mmu=3
  v6:i1 = icmp v3, v4, ult
  v7:i64 = divu v3, v4, -1
  cbr v6, b1(v3, v6), b3
b1(v9:i64, v10:i1) +4:
  insn +4, length=4
  v12:f64 = get $f0
  v13:f64 = fadd v12, v12, round=zero tiny=before nan=signaling flags=none
  v14:i1 = fcmp v12, v13, signaling cond=lt
  v15:i32 = f2i v12, saturate=nan-zero unsigned
  v16:v128 = get $x1
  v17:v128 = vcmp v16, v16, lane=i32 cond=sgt
  v18:i64 = vextract v16, lane=i16 index=7 sx
  v19:i64 = call @sum4, v18, v18, v18, v9
  call @raise_invalid
  v21:i64 = atomic v9+16, v19, size=8 le order=acqrel op=umax
  probe v9, length=300, size=1 le sx
  fence store-load store-store
  v24:i64 = pcrel +0x2000
  set $r5, v24
  call.indirect v21, return=+8, b2
b2 +8:
  insn +8, length=4
  exit syscall, +12
b3 +4:
  jump -0x8000
)";

class TextTest : public testing::Test {
 protected:
  std::string error_of(std::string_view text) {
    const Result<Region> region = parse(text, guest.layout(), guest.helpers());
    return region ? "no error" : region.error().message;
  }
  // The error of one line in a region that is fine elsewhere.
  std::string error_in(const std::string& line) { return error_of("region\nb0:\n" + line + "\n br b0\n"); }

  TestGuest guest;
};

TEST_F(TextTest, ComesBackAsItWas) {
  const Result<Region> region = parse(kSample, guest.layout(), guest.helpers());
  ASSERT_TRUE(region) << region.error().message;
  EXPECT_EQ(verify(*region, guest.layout(), guest.helpers()), "");
  EXPECT_EQ(print(*region, guest.layout(), guest.helpers()), kSample);
}

TEST_F(TextTest, RegionsFromCodeComeBackEqual) {
  ToyGuest toy;
  TestMemory memory;
  std::vector<uint8_t> code;
  uint64_t random = 7;
  for (int i = 0; i < 300; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    code.push_back(static_cast<uint8_t>("aadmwbbbjjcrsxXA"[random >> 60]));
    code.push_back(static_cast<uint8_t>(random >> 40));
  }
  memory.map(0x4000, code);
  Former former(toy, memory);
  Region region;
  for (uint64_t pc = 0x4000; pc < 0x4200; pc += 2) {
    former.form_hot({pc, 5, 6}, region, [](uint64_t target) { return target % 3 != 0; });
    const std::string text = print(region, toy.layout(), toy.helpers());
    const Result<Region> again = parse(text, toy.layout(), toy.helpers());
    ASSERT_TRUE(again) << again.error().message << text;
    EXPECT_EQ(again->identity, region.identity);
    EXPECT_EQ(again->order, region.order);
    ASSERT_EQ(again->insts.size(), region.insts.size());
    for (std::size_t i = 0; i < region.insts.size(); ++i) {
      EXPECT_EQ(again->insts[i].op, region.insts[i].op);
      EXPECT_EQ(again->insts[i].args, region.insts[i].args);
      EXPECT_EQ(again->insts[i].aux, region.insts[i].aux);
      EXPECT_EQ(again->insts[i].imm, region.insts[i].imm);
    }
    EXPECT_EQ(print(*again, toy.layout(), toy.helpers()), text);
  }
}

TEST_F(TextTest, ValuesMayHaveAnyNumbersAndCommentsAnyPlace) {
  const Result<Region> region =
      parse("; a comment\n\nregion pc=4 ; more\nb0:\n v700:i64=const 0xff\n set $r0,v700\n jump +0", guest.layout(),
            guest.helpers());
  ASSERT_TRUE(region) << region.error().message;
  EXPECT_EQ(region->insts[0].imm, 255);
  EXPECT_EQ(region->insts[1].args[0], 0U);
}

TEST_F(TextTest, MessagesSayTheLineWhatWasFoundAndWhatWasExpected) {
  EXPECT_EQ(error_of(""), "IR text: found no region, expected a line such as 'region pc=0x1000'");
  EXPECT_EQ(error_of("\nb0:"), "IR text: line 2: found 'b0', expected 'region' and its pc");
  EXPECT_EQ(error_of("region pc="), "IR text: line 1: found 'the end of the line', expected a number");
  EXPECT_EQ(error_of("region\nadd"), "IR text: line 2: found 'add', expected a block such as 'b0:'");
  EXPECT_EQ(error_in("v1:i64 = ad v2"), "IR text: line 3: found 'ad', expected the name of an op");
  EXPECT_EQ(error_in("v1:int = const 1"), "IR text: line 3: found 'int', expected a type such as i64, f32 or v128");
  EXPECT_EQ(error_in("v1:i64 = const"), "no error");
  EXPECT_EQ(error_in("v1:i64 = const x"), "IR text: line 3: found 'x', expected a number");
  EXPECT_EQ(error_in("v1:i64 = const 0x10000000000000000"), "IR text: line 3: found '0', expected a number");
  EXPECT_EQ(error_in("set $r99, v1"), "IR text: line 3: found 'r99', expected the name of a slot");
  EXPECT_EQ(error_in("v1:i64 = add v1, v2"),
            "IR text: line 3: found v2, expected a value that is made somewhere in this region");
  EXPECT_EQ(error_in("v1:i64 = const 1\nv1:i64 = const 1"), "IR text: line 4: a second v1; each value is made once");
  EXPECT_EQ(error_in("v1:i64 = load v1, size=3"),
            "IR text: line 3: found 'the end of the line', expected a power of two");
  EXPECT_EQ(error_in("v1:i1 = icmp v1, v1, less"), "IR text: line 3: found 'less', expected one of: relation");
  EXPECT_EQ(error_in("exit never, +0"), "IR text: line 3: found 'never', expected why it leaves, e.g. syscall");
}

TEST_F(TextTest, BrokenTextIsSurvived) {
  uint64_t random = 99;
  const auto next = [&random](std::size_t limit) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>((random >> 33) % limit);
  };
  const std::string_view spice = "0123456789vb$@+-=:,(). \nxf#;iz";
  unsigned parsed = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text(kSample);
    for (std::size_t edits = 1 + next(3); edits > 0; --edits) {
      const std::size_t at = next(text.size());
      switch (next(4)) {
        case 0:
          text[at] = spice[next(spice.size())];
          break;
        case 1:
          text.erase(at, 1 + next(20));
          break;
        case 2:
          text.insert(at, 1, spice[next(spice.size())]);
          break;
        default:
          text.insert(at, text.substr(next(text.size()), next(60)));
          break;
      }
    }
    const Result<Region> region = parse(text, guest.layout(), guest.helpers());
    if (!region) continue;
    ++parsed;
    verify(*region, guest.layout(), guest.helpers());
    EXPECT_FALSE(print(*region, guest.layout(), guest.helpers()).empty());
  }
  EXPECT_GT(parsed, 20U);
}

TEST_F(TextTest, DamagedRegionsPrintAndVerifySafely) {
  const Result<Region> sample = parse(kSample, guest.layout(), guest.helpers());
  uint64_t random = 5;
  unsigned refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Region region = *sample;
    for (int edits = 0; edits < 3; ++edits) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      const auto value = static_cast<uint32_t>(random >> 32) >> (random & 31);
      Inst& inst = region.insts[(random >> 8) % region.insts.size()];
      switch (random % 11) {
        case 0:
          inst.op = static_cast<Op>(value);
          break;
        case 1:
          inst.type = static_cast<Type>(value % 32);
          break;
        case 2:
          inst.args[value % 3] = static_cast<uint32_t>(random >> 20);
          break;
        case 3:
          inst.aux = value;
          break;
        case 4:
          inst.extra = value;
          break;
        case 5:
          inst.imm = value;
          break;
        case 6:
          inst.arg_count = static_cast<uint8_t>(value);
          break;
        case 7:
          inst.edge_count = static_cast<uint8_t>(value);
          break;
        case 8:
          region.extra[value % region.extra.size()] = static_cast<uint32_t>(random >> 30);
          break;
        case 9:
          region.blocks[value % 4].count = value;
          break;
        default:
          region.order[value % 4] = value % 5;
          break;
      }
    }
    refused += verify(region, guest.layout(), guest.helpers()).empty() ? 0 : 1;
    EXPECT_FALSE(print(region, guest.layout(), guest.helpers()).empty());
  }
  EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace menura::ir::test
