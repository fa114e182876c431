#include "ir/verify/verify.h"

#include <gtest/gtest.h>

#include "ir/text/parse.h"
#include "tests/ir/test_state.h"

namespace menura::ir::test {
namespace {

struct Case {
  const char* body;  // blocks, b0 first
  const char* message;
};

class VerifyTest : public testing::TestWithParam<Case> {
 protected:
  TestGuest guest;
};

TEST_P(VerifyTest, SaysWhatIsWrong) {
  const Result<Region> region = parse(std::string("region\n") + GetParam().body, guest.layout(), guest.helpers());
  ASSERT_TRUE(region) << region.error().message;
  EXPECT_EQ(verify(*region, guest.layout(), guest.helpers()), GetParam().message) << GetParam().body;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, VerifyTest,
    testing::Values(
        Case{"b0:\n jump +0", ""},
        // structure
        Case{"", "no blocks; a region has at least one"},
        Case{"b1:\n jump +0", "the first block placed is not b0, the entry"},
        Case{"b0:\n nop", "b0, v0 (nop): the last instruction of a block ends it"},
        Case{"b0:\n jump +0\n nop", "b0, v0 (jump): ends the block too early"},
        Case{"b0(v0:i64):\n jump +0", "b0, the entry, has parameters"},
        Case{"b0:\n nop\n v1:i64 = param\n jump +0",
             "b0, v1 (param): parameters come first, as many as the block says (0)"},
        Case{"guest 8..8\nb0:\n jump +0", "an empty range of guest code"},
        Case{"guest 8..10\nguest 9..12\nb0:\n jump +0", "ranges of guest code overlap or are not sorted"},
        // edges
        Case{"b0:\n br b1", "b0, v0 (br): its edge leads to b1, which is not placed"},
        Case{"b0:\n br", "b0, v0 (br): 0 edges, expected 1"},
        Case{"b0:\n jump +0, b0", "b0, v0 (jump): 1 edges, expected 0"},
        Case{"b0:\n br b1\nb1(v0:i64):\n jump +0", "b0, v0 (br): passes 0 values to b1, which has 1 parameters"},
        Case{"b0:\n v0:i32 = const 1\n br b1(v0)\nb1(v1:i64):\n jump +0",
             "b0, v1 (br): passes v0 as parameter 1 of b1, which is i64"},
        Case{"b0:\n v0:i64 = const 1\n call.direct +8, return=+4, b1(v0)\nb1(v1:i64):\n jump +0",
             "b0, v1 (call.direct): values do not survive a guest call"},
        // types
        Case{"b0:\n v0:i64 = const 1\n v1:i32 = const 1\n v2:i64 = add v0, v1\n jump +0",
             "b0, v2 (add): operand 2 is i32, expected i64"},
        Case{"b0:\n v0:f64 = const 1\n v1:f64 = add v0, v0\n jump +0", "b0, v1 (add): its result cannot be f64"},
        Case{"b0:\n v0:i64 = const 1\n v1:i64 = add v0\n jump +0", "b0, v1 (add): 1 operands, expected 2"},
        Case{"b0:\n v0:i32 = const 1\n v1:i64 = load v0, size=8\n jump +0",
             "b0, v1 (load): operand 1 is i32, expected i64"},
        Case{"b0:\n v0:i64 = const 1\n v1:f64 = fneg v0\n jump +0", "b0, v1 (fneg): operand 1 is i64, expected f64"},
        Case{"b0:\n v0:f80 = get $e0\n v1:f80 = fneg v0\n jump +0", "b0, v1 (fneg): its result cannot be f80"},
        Case{"b0:\n v0:i64 = const 1\n v1:i64 = select v0, v0, v0\n jump +0",
             "b0, v1 (select): operand 1 is i64, expected i1"},
        Case{"b0:\n nop\n set $r0, v0\n v0:i64 = const 1\n jump +0",
             "b0, v1 (set): v2 is not computed on every way here"},
        Case{"b0:\n v0:i64 = const 1\n v1:i64 = zext v0\n jump +0",
             "b0, v1 (zext): its result is not wider than its operand"},
        Case{"b0:\n v0:i64 = const 1\n v1:i64 = trunc v0\n jump +0",
             "b0, v1 (trunc): its result is not narrower than its operand"},
        Case{"b0:\n v0:i32 = const 1\n v1:i32 = concat v0, v0\n jump +0",
             "b0, v1 (concat): its result is not twice as wide"},
        Case{"b0:\n v0:i32 = const 1\n v1:f64 = bitcast v0\n jump +0",
             "b0, v1 (bitcast): its result is not as wide as its operand"},
        // attributes
        Case{"b0:\n v0:i32 = get $r0\n jump +0", "b0, v0 (get): slot r0 is i64, not i32"},
        Case{"b0:\n v0:i64 = const 1\n v1:i64 = divu v0, v0, 5\n jump +0",
             "b0, v1 (divu): the value for a zero divisor is 0 or -1"},
        Case{"b0:\n v0:i64 = const 1\n v1:i32 = load v0, size=8\n jump +0",
             "b0, v1 (load): accesses 8 bytes, more than i32 holds"},
        Case{"b0:\n v0:i64 = const 1\n v1:i1 = load v0, size=1\n jump +0", "b0, v1 (load): i1 has no form in memory"},
        Case{"b0:\n v0:i64 = const 1\n v1:i64 = load v0, size=8 element=4\n jump +0",
             "b0, v1 (load): its element is wider than the access, or the type is no vector"},
        Case{"b0:\n v0:i64 = const 1\n store v0, v0, size=8 op=add\n jump +0",
             "b0, v1 (store): its atomic operation does not exist"},
        Case{"b0:\n v0:i64 = const 1\n v1:i64 = ll v0, size=16\n jump +0",
             "b0, v1 (ll): accesses 16 bytes, more than i64 holds"},
        Case{"b0:\n v0:f64 = const 1\n v1:i128 = f2i v0\n jump +0", "b0, v1 (f2i): its result is i8 to i64"},
        Case{"b0:\n v0:i64 = const 1\n probe v0, length=-1\n jump +0", "b0, v1 (probe): its length is negative"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vadd v0, v0, lane=f32\n jump +0",
             "b0, v1 (vadd): its lanes are integers of 8 to 64 bits"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vand v0, v0, lane=i1\n jump +0",
             "b0, v1 (vand): its lane type is none of i8 to i64, f32, f64"},
        Case{"b0:\n v0:v128 = get $x0\n v1:i64 = vextract v0, lane=i32 index=4\n jump +0",
             "b0, v1 (vextract): lane 4 does not exist"},
        Case{"b0:\n v0:v128 = get $x0\n v1:i16 = vextract v0, lane=i32 index=3\n jump +0",
             "b0, v1 (vextract): i16 is narrower than a lane"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vmulh v0, v0, lane=i64\n jump +0",
             "b0, v1 (vmulh): its lanes have 8 to 32 bits"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vmuldh v0, v0, lane=i8\n jump +0",
             "b0, v1 (vmuldh): its lanes have 16 or 32 bits"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vdot v0, v0, v0, lane=i8\n jump +0",
             "b0, v1 (vdot): its lanes have 32 bits"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v64 = vnarrow v0, lane=i8\n jump +0",
             "b0, v1 (vnarrow): its lanes have 16 to 64 bits"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v256 = vclmulw v0, v0, lane=i32\n jump +0",
             "b0, v1 (vclmulw): its lanes have 8 or 64 bits"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vtable v0, v0, lane=i16\n jump +0",
             "b0, v1 (vtable): its lanes have 8 bits"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vfadd v0, v0, lane=i32\n jump +0",
             "b0, v1 (vfadd): its lane type is none of f16, f32, f64"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vsplatlane v0, lane=i64 index=2\n jump +0",
             "b0, v1 (vsplatlane): lane 2 does not exist"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vinsertlane v0, v0, lane=i64 index=1 from=2\n jump +0",
             "b0, v1 (vinsertlane): lane 2 does not exist"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vzip v0, v0, lane=i8 index=2\n jump +0",
             "b0, v1 (vzip): its index is neither 0 nor 1"},
        Case{"b0:\n v0:v64 = get $d0\n v1:v64 = vuzp v0, v0, lane=i64 index=1\n jump +0",
             "b0, v1 (vuzp): its vector has one lane only"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vrev v0, lane=i8 index=3\n jump +0",
             "b0, v1 (vrev): its groups have neither 2, 4 nor 8 lanes"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vrev v0, lane=i64 index=4\n jump +0",
             "b0, v1 (vrev): its groups are wider than the vector"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vshl v0, imm=33, lane=i32\n jump +0",
             "b0, v1 (vshl): its amount is not 0 to the lane's width"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vsar v0, imm=-1, lane=i32\n jump +0",
             "b0, v1 (vsar): its amount is not 0 to the lane's width"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vbytes v0, v0, imm=16, lane=i8\n jump +0",
             "b0, v1 (vbytes): its first byte does not exist"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vwiden v0, lane=i8\n jump +0",
             "b0, v1 (vwiden): its result is not twice as wide as its operands"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vhigh v0\n jump +0",
             "b0, v1 (vhigh): its result is not half as wide as its operand"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vtrunc v0\n jump +0",
             "b0, v1 (vtrunc): the one vector is not narrower than the other"},
        Case{"b0:\n v0:v128 = get $x0\n v1:i64 = vtrunc v0\n jump +0",
             "b0, v1 (vtrunc): i64 is neither a vector nor a float"},
        Case{"b0:\n v0:v256 = get $y0\n v1:v128 = vzext v0\n jump +0",
             "b0, v1 (vzext): the one vector is not narrower than the other"},
        Case{"b0:\n v0:v64 = get $d0\n v1:v64 = vaes.mix v0, lane=i8\n jump +0",
             "b0, v1 (vaes.mix): a state has 16 bytes"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v128 = vfcvt v0, lane=f32\n jump +0",
             "b0, v1 (vfcvt): its result is neither half nor twice as wide as its operand"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v256 = vfcvt v0, lane=f64\n jump +0",
             "b0, v1 (vfcvt): there is no format above f64"},
        Case{"b0:\n v0:v128 = get $x0\n v1:v64 = vfcvt v0, lane=f16\n jump +0",
             "b0, v1 (vfcvt): there is no format below f16"},
        Case{"b0:\n v0:i8 = get $c0\n v1:v128 = vsplat v0, lane=i16\n jump +0",
             "b0, v1 (vsplat): i8 is narrower than a lane"},
        Case{"b0:\n v0:i64 = call @not1\n jump +0", "b0, v0 (call): helper not1 gives i1, not i64"},
        Case{"b0:\n v0:i1 = call @not1\n jump +0", "b0, v0 (call): helper not1 takes 1 operands"},
        Case{"b0:\n v0:i64 = const 1\n v1:i1 = call @not1, v0\n jump +0",
             "b0, v1 (call): helper not1 takes i1 as operand 1, not i64"},
        Case{"b0:\n v0:i32 = const 1\n exit fault, +0, v0", "b0, v1 (exit): its detail is at most one i64"},
        // dominance
        Case{
            "b0:\n v0:i1 = const 1\n cbr v0, b1, b2\nb1:\n v2:i64 = const 1\n br b2\nb2:\n set $r0, v2\n jump +0",
            "b2, v4 (set): v2 is not computed on every way here (b1 does not dominate; nothing outlives a guest call)"},
        Case{"b0:\n v0:i64 = const 1\n br b1\nb1:\n set $r0, v0\n br b1", ""},
        Case{
            "b0:\n v0:i64 = const 1\n call.direct +8, return=+4, b1\nb1:\n set $r0, v0\n jump +0",
            "b1, v2 (set): v0 is not computed on every way here (b0 does not dominate; nothing outlives a guest call)"},
        Case{"b0:\n v0:i64 = const 1\n br b1(v0)\nb1(v2:i64):\n v3:i64 = add v2, v2\n br b1(v3)", ""}));

}  // namespace
}  // namespace menura::ir::test
