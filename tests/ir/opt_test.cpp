// What each pass of the optimizer does, as text before and after.
#include <gtest/gtest.h>

#include "ir/opt/optimizer.h"
#include "ir/text/parse.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"
#include "tests/ir/test_state.h"

namespace menura::ir::test {
namespace {

class OptTest : public testing::Test {
 protected:
  Region region_of(const std::string& blocks) {
    Result<Region> parsed = parse("region pc=0x10000\n" + blocks, guest.layout(), guest.helpers());
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message) << "\n" << blocks;
    if (!parsed) return {};
    EXPECT_EQ(verify(*parsed, guest.layout(), guest.helpers()), "") << blocks;
    return *parsed;
  }
  std::string text(const Region& region) { return print(region, guest.layout(), guest.helpers()); }

  void expect(const std::string& before, const std::string& after, OptLevel level = OptLevel::Fast) {
    Region region = region_of(before);
    Optimizer optimizer(guest.layout(), guest.helpers());
    optimizer.run(region, level);
    EXPECT_EQ(verify(region, guest.layout(), guest.helpers()), "") << before;
    EXPECT_EQ(text(region), text(region_of(after)));
  }
  // One block that ends by leaving.
  void expect_lines(const std::string& before, const std::string& after) {
    expect("b0:\n" + before + "\n exit syscall, +4\n", "b0:\n" + after + "\n exit syscall, +4\n");
  }
  // r2 = a computation over v1 = r0 and v2 = r1, of which the last line makes v9.
  void expect_value(const std::string& before, const std::string& after) {
    const std::string head = "v1:i64 = get $r0\nv2:i64 = get $r1\n";
    expect_lines(head + before + "\nset $r2, v9", after + "\nset $r2, v9");
  }

  TestGuest guest;
};

constexpr const char* kR0 = "v1:i64 = get $r0\n";
constexpr const char* kR0R1 = "v1:i64 = get $r0\nv2:i64 = get $r1\n";

TEST_F(OptTest, FoldsConstants) {
  const auto folds = [&](const std::string& ops, const std::string& value) {
    expect_value("v3:i64 = const 12\nv4:i64 = const -5\nv5:i32 = const -5\nv6:i32 = const 7\n" + ops,
                 "v9:i64 = const " + value);
  };
  folds("v9:i64 = add v3, v4", "7");
  folds("v9:i64 = sub v4, v3", "-17");
  folds("v9:i64 = mul v3, v4", "-60");
  folds("v9:i64 = mulhu v4, v3", "11");
  folds("v9:i64 = mulhs v4, v3", "-1");
  folds("v9:i64 = mulhsu v4, v3", "-1");
  folds("v9:i64 = divs v3, v4, -1", "-2");
  folds("v9:i64 = rems v3, v4", "2");
  folds("v9:i64 = shl v3, v4", std::to_string(static_cast<int64_t>(uint64_t{12} << 59)));
  folds("v9:i64 = sar v4, v3", "-1");
  folds("v9:i64 = clz v3", "60");
  folds("v9:i64 = bswap v3", std::to_string(12ULL << 56));
  folds("v8:i32 = mulhu v5, v6\nv9:i64 = zext v8", "6");
  folds("v8:i32 = rotl v5, v6\nv9:i64 = sext v8", "-513");
  folds("v8:i1 = icmp v5, v6, ugt\nv9:i64 = zext v8", "1");
  folds("v8:i1 = icmp v5, v6, sgt\nv9:i64 = zext v8", "0");
  folds("v7:i64 = const 0\nv9:i64 = divu v3, v7, -1", "-1");
  folds("v7:i64 = const 0\nv9:i64 = rems v3, v7", "12");
}

TEST_F(OptTest, KnowsIdentities) {
  const auto gives = [&](const std::string& before, const std::string& after) {
    expect_value("v3:i64 = const 0\nv4:i64 = const -1\nv5:i64 = const 8\n" + before, after);
  };
  const std::string r0 = "v9:i64 = get $r0";
  gives("v9:i64 = add v3, v1", r0);
  gives("v9:i64 = xor v1, v3", r0);
  gives("v9:i64 = and v1, v4", r0);
  gives("v9:i64 = or v1, v1", r0);
  gives("v9:i64 = shl v1, v3", r0);
  gives("v9:i64 = sub v1, v1", "v9:i64 = const 0");
  gives("v6:i64 = const 56\nv7:i64 = shl v1, v5\nv9:i64 = shl v7, v6", "v9:i64 = const 0");
  gives("v9:i64 = andn v1, v4", "v9:i64 = const 0");
  gives("v9:i64 = mul v5, v1", std::string(kR0) + "v2:i64 = const 3\nv9:i64 = shl v1, v2");
  gives("v9:i64 = divu v1, v5, -1", std::string(kR0) + "v2:i64 = const 3\nv9:i64 = shr v1, v2");
  gives("v9:i64 = remu v1, v5", std::string(kR0) + "v2:i64 = const 7\nv9:i64 = and v1, v2");
  gives("v9:i64 = sub v1, v5", std::string(kR0) + "v2:i64 = const -8\nv9:i64 = add v1, v2");
  gives("v6:i64 = xor v2, v4\nv9:i64 = and v1, v6", std::string(kR0R1) + "v9:i64 = andn v1, v2");
  // Signed division rounds to zero: no shift.
  gives("v9:i64 = divs v1, v5, -1", std::string(kR0) + "v2:i64 = const 8\nv9:i64 = divs v1, v2, -1");
}

TEST_F(OptTest, ChainsOfExtensions) {
  expect_value("v3:i32 = trunc v1\nv4:i64 = sext v3\nv5:i32 = trunc v4\nv9:i64 = sext v5",
               std::string(kR0) + "v2:i32 = trunc v1\nv9:i64 = sext v2");
  expect_value("v3:i8 = trunc v1\nv4:i32 = zext v3\nv9:i64 = sext v4",
               std::string(kR0) + "v2:i8 = trunc v1\nv9:i64 = zext v2");
  // A sign-extended load is as wide as it gets.
  expect_value("v3:i64 = load v1, size=4 le sx\nv4:i32 = trunc v3\nv9:i64 = sext v4",
               std::string(kR0) + "v9:i64 = load v1, size=4 le sx");
  // A zero-extended one is not a sign-extended one.
  const std::string word = "v3:i64 = load v1, size=4 le\nv4:i32 = trunc v3\nv9:i64 = sext v4";
  expect_value(word, std::string(kR0) + word);
  expect_value("v3:i64 = load v1, size=2 le\nv4:i64 = const 0xffff\nv9:i64 = and v3, v4",
               std::string(kR0) + "v9:i64 = load v1, size=2 le");
}

TEST_F(OptTest, PairsOfShifts) {
  const auto pair = [&](const std::string& down, const std::string& up_by, const std::string& down_by,
                        const std::string& after) {
    expect_value("v3:i64 = const " + up_by + "\nv4:i64 = const " + down_by + "\nv5:i64 = shl v1, v3\nv9:i64 = " + down +
                     " v5, v4",
                 std::string(kR0) + after);
  };
  pair("shr", "32", "32", "v2:i32 = trunc v1\nv9:i64 = zext v2");
  pair("sar", "48", "48", "v2:i16 = trunc v1\nv9:i64 = sext v2");
  pair("shr", "32", "30", "v2:i32 = trunc v1\nv3:i64 = zext v2\nv4:i64 = const 2\nv9:i64 = shl v3, v4");
  pair("shr", "32", "36", "v2:i32 = trunc v1\nv3:i32 = const 4\nv4:i32 = shr v2, v3\nv9:i64 = zext v4");
  pair("shr", "60", "60", "v2:i64 = const 15\nv9:i64 = and v1, v2");
  // A mask that no immediate holds is no gain.
  pair("shr", "20", "20", "v2:i64 = const 20\nv3:i64 = shl v1, v2\nv9:i64 = shr v3, v2");
}

TEST_F(OptTest, FindsRotations) {
  expect_value("v3:i64 = const 13\nv4:i64 = const 51\nv5:i64 = shl v1, v3\nv6:i64 = shr v1, v4\nv9:i64 = or v6, v5",
               std::string(kR0) + "v2:i64 = const 13\nv9:i64 = rotl v1, v2");
  expect_value(
      "v3:i32 = trunc v1\nv4:i32 = const 7\nv5:i32 = shr v3, v4\nv6:i64 = sext v5\nv7:i32 = const 25\n"
      "v8:i32 = shl v3, v7\nv10:i64 = sext v8\nv9:i64 = or v6, v10",
      std::string(kR0) + "v3:i32 = trunc v1\nv7:i32 = const 25\nv8:i32 = rotl v3, v7\nv9:i64 = sext v8");
  const std::string no_rotation = std::string(kR0) +
                                  "v2:i64 = const 13\nv3:i64 = shl v1, v2\nv4:i64 = const 50\n"
                                  "v5:i64 = shr v1, v4\nv9:i64 = or v3, v5";
  expect_value("v8:i64 = const 13\nv3:i64 = shl v1, v8\nv4:i64 = const 50\nv5:i64 = shr v1, v4\nv9:i64 = or v3, v5",
               no_rotation);
}

TEST_F(OptTest, ComparisonsOfComparisons) {
  // (a <u b) == 0, as `sltu; beqz` comes from a guest without flags.
  expect("b0:\n" + std::string(kR0R1) +
             "v3:i1 = icmp v1, v2, ult\nv4:i64 = zext v3\nset $r2, v4\nv5:i64 = const 0\nv6:i1 = icmp v4, v5, eq\n"
             "cbr v6, b1, b2\nb1:\njump +8\nb2:\njump +12\n",
         "b0:\n" + std::string(kR0R1) +
             "v3:i1 = icmp v1, v2, ult\nv4:i64 = zext v3\nset $r2, v4\nv6:i1 = icmp v1, v2, uge\n"
             "cbr v6, b1, b2\nb1:\njump +8\nb2:\njump +12\n");
  expect_value("v3:i1 = icmp v1, v2, slt\nv4:i1 = const 1\nv5:i1 = xor v3, v4\nv9:i64 = zext v5",
               std::string(kR0R1) + "v3:i1 = icmp v1, v2, sge\nv9:i64 = zext v3");
  expect_value("v3:i64 = const 1\nv4:i1 = icmp v1, v3, ult\nv9:i64 = zext v4",
               std::string(kR0) + "v2:i64 = const 0\nv3:i1 = icmp v1, v2, eq\nv9:i64 = zext v3");
  expect_value("v3:i64 = const 0\nv4:i1 = icmp v3, v1, ult\nv9:i64 = zext v4",
               std::string(kR0) + "v2:i64 = const 0\nv3:i1 = icmp v1, v2, ne\nv9:i64 = zext v3");
  expect_value("v3:i64 = sub v1, v2\nv4:i64 = const 0\nv5:i1 = icmp v3, v4, eq\nv9:i64 = zext v5",
               std::string(kR0R1) + "v3:i1 = icmp v1, v2, eq\nv9:i64 = zext v3");
  // Known bits decide: a byte is less than 256.
  expect_value("v3:i64 = load v1, size=1 le\nv4:i64 = const 256\nv5:i1 = icmp v3, v4, ult\nv9:i64 = zext v5",
               std::string(kR0) + "v3:i64 = load v1, size=1 le\nv9:i64 = const 1");
}

TEST_F(OptTest, Selects) {
  const std::string head = "v3:i64 = const 0\nv4:i64 = const 1\nv5:i1 = icmp v1, v2, slt\n";
  expect_value(head + "v9:i64 = select v5, v4, v3", std::string(kR0R1) + "v5:i1 = icmp v1, v2, slt\nv9:i64 = zext v5");
  expect_value(head + "v9:i64 = select v5, v3, v4", std::string(kR0R1) + "v5:i1 = icmp v1, v2, sge\nv9:i64 = zext v5");
  expect_value(head + "v9:i64 = select v5, v1, v1", "v9:i64 = get $r0");
  // Two halves of a conditional move.
  expect_value(
      "v3:i64 = const 0\nv4:i64 = get $r3\nv5:i1 = icmp v4, v3, eq\nv6:i64 = select v5, v3, v1\n"
      "v7:i1 = icmp v4, v3, ne\nv8:i64 = select v7, v3, v2\nv9:i64 = or v6, v8",
      std::string(kR0R1) + "v3:i64 = const 0\nv4:i64 = get $r3\nv5:i1 = icmp v4, v3, eq\nv9:i64 = select v5, v2, v1");
}

TEST_F(OptTest, BoxesAndBits) {
  expect_lines("v1:f32 = get $s0\nv2:f64 = nanbox v1\nset $f0, v2\nv4:f64 = get $f0\nv5:f32 = nanunbox v4\nset $s1, v5",
               "v1:f32 = get $s0\nv2:f64 = nanbox v1\nset $f0, v2\nset $s1, v1");
  expect_lines("v1:f64 = get $f0\nv2:i64 = bitcast v1\nv3:f64 = bitcast v2\nset $f1, v3",
               "v1:f64 = get $f0\nset $f1, v1");
  // A slot that holds a boxed float on every way to a loop's body needs no check there.
  expect(
      "b0:\nv1:f32 = get $s0\nv2:f64 = nanbox v1\nset $f0, v2\nbr b1\n"
      "b1:\nv5:f64 = get $f0\nv6:f32 = nanunbox v5\nset $s1, v6\nv8:i1 = get $p0\ncbr v8, b1, b2\nb2:\njump +8\n",
      "b0:\nv1:f32 = get $s0\nv2:f64 = nanbox v1\nset $f0, v2\nbr b1\n"
      "b1:\nv5:f64 = get $f0\nv6:f32 = nanunbox v5, 1\nset $s1, v6\nv8:i1 = get $p0\ncbr v8, b1, b2\nb2:\njump +8\n",
      OptLevel::Full);
  // What was not boxed would change.
  expect_lines("v1:f64 = get $f0\nv2:f32 = nanunbox v1\nv3:f64 = nanbox v2\nset $f1, v3",
               "v1:f64 = get $f0\nv2:f32 = nanunbox v1\nv3:f64 = nanbox v2\nset $f1, v3");
}

TEST_F(OptTest, PartsOfVectors) {
  // Scalars in the low bits of a register: the next op takes the scalar, though a slot holds the wide value.
  const std::string sum = "v1:f64 = get $f0\nv2:f64 = fadd v1, v1\nv3:v128 = vzext v2\nset $x0, v3\n";
  expect_lines(sum + "v5:v128 = get $x0\nv6:f64 = vtrunc v5\nset $f1, v6", sum + "set $f1, v2");
  expect_lines(sum + "v5:v64 = vtrunc v3\nset $d0, v5", sum + "v5:v64 = vzext v2\nset $d0, v5");
  // There is no op from a double to the float in its low half.
  expect_lines(sum + "v5:f32 = vtrunc v3\nset $s1, v5", sum + "v5:f32 = vtrunc v3\nset $s1, v5");
  const std::string wide = "v1:v256 = get $y0\n";
  expect_lines(wide + "v2:v128 = vtrunc v1\nv3:v64 = vtrunc v2\nset $d0, v3", wide + "v3:v64 = vtrunc v1\nset $d0, v3");
  expect_lines(wide + "v2:v128 = vtrunc v1\nv3:v128 = vhigh v1\nv4:v256 = vconcat v2, v3\nset $y1, v4",
               wide + "set $y1, v1");
  expect_lines(wide + "v2:v128 = vhigh v1\nv3:v128 = vtrunc v1\nv4:v256 = vconcat v2, v3\nset $y1, v4",
               wide + "v2:v128 = vhigh v1\nv3:v128 = vtrunc v1\nv4:v256 = vconcat v2, v3\nset $y1, v4");
  const std::string halves = "v1:v64 = get $d0\nv2:v64 = get $d1\n";
  expect_lines(halves + "v3:v128 = vconcat v1, v2\nv4:v64 = vhigh v3\nv5:v64 = vtrunc v3\nset $d0, v4\nset $d1, v5",
               halves + "set $d0, v2\nset $d1, v1");
  expect_lines(halves + "v3:v128 = vconcat v1, v2\nv4:f32 = vtrunc v3\nset $s0, v4",
               "v1:v64 = get $d0\nv4:f32 = vtrunc v1\nset $s0, v4");
  expect_lines("v1:v64 = get $d0\nv2:v128 = vzext v1\nv3:v64 = vhigh v2\nv4:v256 = vzext v2\nset $d1, v3\nset $y0, v4",
               "v1:v64 = get $d0\nv3:v64 = const 0\nv4:v256 = vzext v1\nset $d1, v3\nset $y0, v4");
  expect_lines("v1:v128 = get $x0\nv2:v64 = vtrunc v1\nv3:i64 = get $r0\nstore v3, v2, size=8 le",
               "v1:v128 = get $x0\nv3:i64 = get $r0\nstore v3, v1, size=8 le");
}

TEST_F(OptTest, RotationsOfLanes) {
  const std::string head = "v1:v128 = get $x0\n";
  const std::string shifts = head + "v2:v128 = vshl v1, imm=12, lane=i32\nv3:v128 = vshr v1, imm=20, lane=i32\n";
  const std::string rotated = head + "v4:v128 = vrotl v1, imm=12, lane=i32\nset $x2, v4";
  expect_lines(shifts + "v4:v128 = vor v2, v3, lane=i8\nset $x2, v4", rotated);
  expect_lines(shifts + "v4:v128 = vxor v3, v2, lane=i8\nset $x2, v4", rotated);
  // Inserted by a mask: the upper 20 bits are those of the left shift.
  const auto inserted = [&](const std::string& mask, const std::string& operands) {
    return "v9:v128 = const " + mask + "\nv4:v128 = vselect v9, " + operands + ", lane=i32\nset $x2, v4";
  };
  expect_lines(shifts + inserted("0xfffff000fffff000", "v2, v3"), rotated);
  expect_lines(shifts + inserted("0x00000fff00000fff", "v3, v2"), rotated);
  const std::string other = "v9:v128 = const 0x00000ffe00000ffe\nv4:v128 = vselect v9, v3, v2, lane=i32\nset $x2, v4";
  expect_lines(shifts + other, shifts + other);
  // Not one vector, not all of its bits, lanes of two widths.
  for (const char* second : {"vshr v5, imm=20, lane=i32", "vshr v1, imm=19, lane=i32", "vshr v1, imm=52, lane=i64"}) {
    const std::string kept = head + "v5:v128 = get $x1\nv2:v128 = vshl v1, imm=12, lane=i32\nv3:v128 = " + second +
                             "\nv4:v128 = vor v2, v3, lane=i8\nset $x2, v4\nset $x3, v5";
    expect_lines(kept, kept);
  }
}

TEST_F(OptTest, LanesExchangedTwice) {
  const std::string head = "v1:v128 = get $x0\nv2:v128 = get $x1\n";
  const std::string low = "v3:v128 = vzip v1, v2, lane=i64\n";
  const std::string high = "v4:v128 = vzip v1, v2, lane=i64 index=1\n";
  // Also where slots hold what is between.
  const std::string sets = "set $x2, v3\nset $x3, v4\n";
  expect_lines(head + low + high + sets + "v5:v128 = vzip v3, v4, lane=i64\nset $x4, v5",
               head + low + high + sets + "set $x4, v1");
  expect_lines(head + low + high + sets + "v5:v128 = vzip v3, v4, lane=i64 index=1\nset $x4, v5",
               head + low + high + sets + "set $x4, v2");
  const std::string swapped = head + low + high + sets + "v5:v128 = vzip v4, v3, lane=i64\nset $x4, v5";
  expect_lines(swapped, swapped);
  const std::string once = "v1:v128 = get $x0\nv2:v128 = vrev v1, lane=i32 index=4\nset $x2, v2\n";
  expect_lines(once + "v3:v128 = vrev v2, lane=i32 index=4\nset $x3, v3", once + "set $x3, v1");
  const std::string groups = once + "v3:v128 = vrev v2, lane=i32 index=2\nset $x3, v3";
  expect_lines(groups, groups);
}

TEST_F(OptTest, VectorsThatNeedNoOp) {
  const std::string head = "v1:v128 = get $x0\nv2:v128 = get $x1\n";
  expect_lines(head + "v3:v128 = vor v1, v1, lane=i8\nset $x2, v3", "v1:v128 = get $x0\nset $x2, v1");
  expect_lines(head + "v3:v128 = vxor v1, v1, lane=i8\nset $x2, v3", "v3:v128 = const 0\nset $x2, v3");
  expect_lines(head + "v3:v128 = vselect v1, v2, v2, lane=i8\nset $x2, v3", "v2:v128 = get $x1\nset $x2, v2");
  expect_lines(head + "v3:v128 = const 0\nv4:v128 = vandn v1, v3, lane=i8\nset $x2, v4",
               "v1:v128 = get $x0\nset $x2, v1");
  expect_lines(head + "v3:v128 = const 0\nv4:v128 = vsub v3, v1, lane=i8\nset $x2, v4",
               "v1:v128 = get $x0\nv3:v128 = const 0\nv4:v128 = vsub v3, v1, lane=i8\nset $x2, v4");
  expect_lines("v1:i64 = const 0x7fe\nv2:v128 = vsplat v1, lane=i8\nset $x0, v2",
               "v2:v128 = const -72340172838076674\nset $x0, v2");
  expect_lines("v1:i64 = const 0x7fe\nv2:v128 = vsplat v1, lane=i16\nv3:f32 = vtrunc v2\nset $x0, v2\nset $s0, v3",
               "v2:v128 = const 0x07fe07fe07fe07fe\nv3:f32 = const 0x07fe07fe\nset $x0, v2\nset $s0, v3");
}

TEST_F(OptTest, WordsAreExtendedOnce) {
  const std::string words = std::string(kR0R1) + "v3:i32 = trunc v1\nv4:i32 = trunc v2\nv5:i32 = add v3, v4\n";
  expect_value(
      "v3:i32 = trunc v1\nv4:i32 = trunc v2\nv5:i32 = add v3, v4\nv6:i64 = sext v5\nv7:i32 = sub v3, v4\n"
      "v8:i64 = sext v7\nv10:i64 = xor v6, v8\nv11:i64 = const 1\nv9:i64 = or v10, v11",
      words + "v7:i32 = sub v3, v4\nv8:i32 = xor v5, v7\nv10:i32 = const 1\nv11:i32 = or v8, v10\nv9:i64 = sext v11");
}

TEST_F(OptTest, FloatArithmeticStays) {
  const std::string lines =
      "v1:f64 = get $f0\nv2:f64 = const 0\nv3:f64 = fadd v1, v2\nset $f1, v3\nv5:f64 = fmul v2, v2\nset $f2, v5";
  expect_lines(lines, lines);
  // An unused result whose flags are wanted, and one whose flags are not.
  expect_lines("v1:f64 = get $f0\nv2:f64 = fadd v1, v1\nv3:f64 = fmul v1, v1, flags=none",
               "v1:f64 = get $f0\nv2:f64 = fadd v1, v1");
}

TEST_F(OptTest, AddressesOfGuestCodeStayRelative) {
  expect_value("v3:i64 = pcrel +0x100\nv4:i64 = const 16\nv9:i64 = add v3, v4", "v9:i64 = pcrel +0x110");
  expect_value("v3:i64 = pcrel +0x100\nv4:i64 = pcrel +0x80\nv9:i64 = sub v3, v4", "v9:i64 = const 128");
  expect_value("v3:i64 = pcrel +0x100\nv4:i1 = icmp v3, v1, eq\nv9:i64 = zext v4",
               std::string(kR0) + "v3:i64 = pcrel +0x100\nv4:i1 = icmp v3, v1, eq\nv9:i64 = zext v4");
  expect("b0:\nv1:i64 = pcrel +0x101\nv2:i64 = const -2\nv3:i64 = and v1, v2\njump.indirect v3\n",
         "b0:\njump +0x100\n");
  expect("b0:\nv1:i64 = pcrel +0x100\nset $r0, v1\ncall.indirect v1, return=+8\n",
         "b0:\nv1:i64 = pcrel +0x100\nset $r0, v1\ncall.direct +0x100, return=+8\n");
}

TEST_F(OptTest, Displacements) {
  expect_value("v3:i64 = const 24\nv4:i64 = add v1, v3\nv9:i64 = load v4-8, size=8 le",
               std::string(kR0) + "v9:i64 = load v1+16, size=8 le");
  expect_lines(
      std::string(kR0R1) + "v3:i64 = const 24\nv4:i64 = add v1, v3\nv5:i32 = trunc v2\nstore v4, v5, size=4 le",
      std::string(kR0R1) + "store v1+24, v2, size=4 le");
  // A table on the stack: its offset meets the displacement, and the sum that a slot holds is not waited for.
  expect_lines(std::string(kR0R1) +
                   "v3:i64 = const 2\nv4:i64 = shl v1, v3\nv5:i64 = const 1024\nv6:i64 = add v4, v5\n"
                   "v7:i64 = add v6, v2\nset $r3, v7\nv9:i64 = load v7-1024, size=4 le sx\nset $r3, v9",
               std::string(kR0R1) +
                   "v3:i64 = const 2\nv4:i64 = shl v1, v3\nv5:i64 = const 1024\nv6:i64 = add v4, v2\n"
                   "v7:i64 = add v6, v5\nset $r3, v7\nv9:i64 = load v6, size=4 le sx\nset $r3, v9");
  // Beyond 32 bits.
  expect_value("v3:i64 = const 0x7ffffff8\nv4:i64 = add v1, v3\nv9:i64 = load v4+8, size=8 le",
               std::string(kR0) + "v3:i64 = const 0x7ffffff8\nv4:i64 = add v1, v3\nv9:i64 = load v4+8, size=8 le");
  // r0 += 8 and then a load through it: the old r0 is gone, the new one is at hand.
  const std::string stepped = std::string(kR0) + "v2:i64 = const 8\nv3:i64 = add v1, v2\nset $r0, v3\n";
  expect_lines(stepped + "v5:i64 = get $r0\nv6:i64 = load v5-8, size=8 le\nset $r1, v6",
               stepped + "v6:i64 = load v3-8, size=8 le\nset $r1, v6");
}

TEST_F(OptTest, ForwardsSlotsAndSharesExpressions) {
  expect_lines(std::string(kR0) +
                   "v2:i64 = get $r1\nv3:i64 = add v1, v2\nset $r2, v3\nv5:i64 = get $r2\nv6:i64 = get $r1\n"
                   "v7:i64 = get $r0\nv8:i64 = add v7, v6\nv10:i64 = xor v5, v8\nset $r3, v10",
               std::string(kR0R1) + "v3:i64 = add v1, v2\nset $r2, v3\nv5:i64 = const 0\nset $r3, v5");
  // A helper that writes the state ends what is known of it.
  const std::string lines = std::string(kR0) + "call @add_state, v1\nv3:i64 = get $r0\nset $r1, v3";
  expect_lines(lines, lines);
  expect_lines(std::string(kR0) + "call @raise_invalid\nv3:i64 = get $r0\nset $r1, v3",
               std::string(kR0) + "call @raise_invalid\nset $r1, v1");
}

TEST_F(OptTest, DeadSetsWithinABlock) {
  expect_lines(std::string(kR0R1) + "set $r2, v1\nset $r2, v2", "v2:i64 = get $r1\nset $r2, v2");
  // A load may fault: the state must be right there.
  const std::string lines = std::string(kR0) + "set $r2, v1\nv4:i64 = load v1, size=8 le\nset $r2, v4";
  expect_lines(lines, lines);
  expect_lines(std::string(kR0R1) + "set $r2, v1\ncall @add_state, v2\nset $r2, v2",
               std::string(kR0R1) + "set $r2, v1\ncall @add_state, v2\nset $r2, v2");
  expect_lines(std::string(kR0R1) + "set $r2, v1\ncall @raise_invalid\nset $r2, v2",
               "v2:i64 = get $r1\ncall @raise_invalid\nset $r2, v2");
}

TEST_F(OptTest, DeadSetsAcrossBlocks) {
  // r2 is written on both ways, r3 on one only.
  const std::string before = "b0:\n" + std::string(kR0R1) +
                             "set $r2, v1\nset $r3, v1\nv5:i1 = icmp v1, v2, eq\ncbr v5, b1, b2\n"
                             "b1:\nv7:i64 = get $r1\nset $r2, v7\nset $r3, v7\njump +8\n"
                             "b2:\nv11:i64 = get $r0\nset $r2, v11\njump +16\n";
  const std::string after = "b0:\n" + std::string(kR0R1) +
                            "set $r3, v1\nv5:i1 = icmp v1, v2, eq\ncbr v5, b1, b2\n"
                            "b1:\nset $r2, v2\nset $r3, v2\njump +8\n"
                            "b2:\nv11:i64 = get $r0\nset $r2, v11\njump +16\n";
  expect(before, after, OptLevel::Full);
  // Fast looks at one block at a time.
  Region region = region_of(before);
  Optimizer(guest.layout(), guest.helpers()).run(region, OptLevel::Fast);
  EXPECT_NE(text(region).find("set $r2, v1"), std::string::npos);
}

TEST_F(OptTest, BackEdgesSeeTheState) {
  const std::string loop =
      "b0:\nbr b1\nb1:\nv2:i64 = get $r0\nset $r2, v2\nv4:i64 = load v2, size=8 le\nset $r3, v4\n"
      "v6:i64 = get $r1\nv7:i1 = icmp v4, v6, eq\ncbr v7, b1, b2\n"
      "b2:\nv9:i64 = get $r0\nset $r3, v9\njump +8\n";
  Region region = region_of(loop);
  Optimizer(guest.layout(), guest.helpers()).run(region, OptLevel::Full);
  EXPECT_NE(text(region).find("set $r3, v3"), std::string::npos) << text(region);
}

TEST_F(OptTest, FactsOfSlotsAroundALoop) {
  // r0 is a word, sign-extended, before the loop and in it: extending it again does nothing. r1 stays 5.
  expect(
      "b0:\nv1:i64 = get $r2\nv2:i64 = load v1, size=4 le sx\nset $r0, v2\nv4:i64 = const 5\nset $r1, v4\nbr b1\n"
      "b1:\nv7:i64 = get $r0\nv8:i32 = trunc v7\nv9:i64 = sext v8\nset $r3, v9\nv11:i64 = get $r1\n"
      "v12:i32 = trunc v11\nv13:i32 = add v8, v12\nv14:i64 = sext v13\nset $r0, v14\nv16:i64 = get $r4\n"
      "v17:i1 = icmp v14, v16, slt\ncbr v17, b1, b2\nb2:\njump +8\n",
      "b0:\nv1:i64 = get $r2\nv2:i64 = load v1, size=4 le sx\nset $r0, v2\nv4:i64 = const 5\nset $r1, v4\nbr b1\n"
      "b1:\nv7:i64 = get $r0\nv8:i32 = trunc v7\nset $r3, v7\n"
      "v12:i32 = const 5\nv13:i32 = add v8, v12\nv14:i64 = sext v13\nset $r0, v14\nv16:i64 = get $r4\n"
      "v17:i1 = icmp v14, v16, slt\ncbr v17, b1, b2\nb2:\njump +8\n",
      OptLevel::Full);
}

TEST_F(OptTest, BranchesWithOneWay) {
  expect("b0:\nv1:i64 = const 0\nv2:i1 = icmp v1, v1, eq\ncbr v2, b2, b1\nb1:\nexit breakpoint, +4\nb2:\njump +8\n",
         "b0:\nbr b2\nb2:\njump +8\n");
}

TEST_F(OptTest, LeavesRegionsThatUseBeforeTheyDefineInPlace) {
  const std::string text_before =
      "b0:\nbr b2\nb1:\nset $r1, v5\njump +4\nb2:\nv5:i64 = get $r0\nset $r2, v5\nset $r2, v5\nbr b1\n";
  expect(text_before, text_before, OptLevel::Full);
}

// Condition flags of a loop's counter: what leaves computes them anew from the slots, the loop does not.
TEST_F(OptTest, MovesTransientSetsToWhereTheyAreNeeded) {
  const std::string loop = "b0:\nbr b1\nb1:\ninsn +0, length=4\nv1:i64 = get $r0\nv2:i64 = const 1\n";
  expect(loop +
             "v3:i64 = sub v1, v2\nv4:i1 = icmp v1, v2, uge\nv5:i64 = const 0\nv6:i1 = icmp v3, v5, eq\n"
             "set $t0, v4\nset $t1, v6\nset $r0, v3\ncbr v6, b2, b1\nb2:\njump +8\n",
         loop +
             "v3:i64 = const -1\nv4:i64 = add v1, v3\nv6:i1 = icmp v1, v2, eq\nset $r0, v4\ncbr v6, b2, b1\n"
             "b2:\nv8:i64 = get $r0\nv9:i64 = const -1\nv10:i64 = sub v8, v9\nv11:i64 = const 1\n"
             "v12:i1 = icmp v10, v11, eq\nset $t1, v12\n"
             "v13:i64 = get $r0\nv14:i64 = const -1\nv15:i64 = sub v13, v14\nv16:i64 = const 0\n"
             "v17:i1 = icmp v15, v16, ne\nset $t0, v17\njump +8\n",
         OptLevel::Full);
  // Where both ways want them, or another way leads there, they stay.
  for (const char* rest : {"cbr v6, b2, b3\nb2:\njump +8\nb3:\njump +12\n", "cbr v6, b2, b1\nb2:\njump +8\n"}) {
    Region region =
        region_of("b0:\nv20:i1 = get $p0\ncbr v20, b1, b2\nb1:\nv6:i1 = get $p1\nset $t0, v6\n" + std::string(rest));
    Optimizer(guest.layout(), guest.helpers()).run(region, OptLevel::Full);
    EXPECT_LT(text(region).find("set $t0"), text(region).find("b2:")) << text(region);
  }
}

}  // namespace
}  // namespace menura::ir::test
