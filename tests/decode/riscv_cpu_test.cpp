// --cpu: bases, switches, what extensions require, and messages.
#include <gtest/gtest.h>

#include "frontends/riscv/features.h"

namespace menura::riscv {
namespace {

FeatureSet parsed(std::string_view text) {
  const auto result = parse_cpu(text);
  EXPECT_TRUE(static_cast<bool>(result)) << (result ? "" : result.error().message);
  return result ? *result : FeatureSet{};
}

std::string message(std::string_view text) {
  const auto result = parse_cpu(text);
  EXPECT_FALSE(static_cast<bool>(result)) << text;
  return result ? "" : result.error().message;
}

TEST(RiscvCpu, Bases) {
  EXPECT_EQ(parsed(""), parsed("max"));
  EXPECT_EQ(parsed("rv64"), parsed("rv64gc"));
  EXPECT_EQ(xlen(parsed("rv64i")), 64U);
  EXPECT_EQ(xlen(parsed("rv32gc")), 32U);
  EXPECT_TRUE(has(parsed("rv64gc"), Feature::D));
  EXPECT_FALSE(has(parsed("rv64gc"), Feature::Zbb));
  EXPECT_TRUE(has(parsed("max"), Feature::Zfa));
  EXPECT_FALSE(has(parsed("rv64i"), Feature::M));
}

TEST(RiscvCpu, SwitchesInOrder) {
  const FeatureSet set = parsed("rv64,+zbb,-c");
  EXPECT_TRUE(has(set, Feature::Zbb));
  EXPECT_FALSE(has(set, Feature::C));
  EXPECT_TRUE(has(parsed("rv64,-m,+m"), Feature::M));
  EXPECT_FALSE(has(parsed("rv64,+zba,-zba"), Feature::Zba));
}

TEST(RiscvCpu, RequiredExtensionsFollow) {
  const FeatureSet on = parsed("rv64i,+zfa");  // zfa needs f, f needs zicsr
  EXPECT_TRUE(has(on, Feature::F) && has(on, Feature::Zicsr));
  EXPECT_FALSE(has(on, Feature::D));
  const FeatureSet off = parsed("max,-f");  // nothing that needs f stays
  EXPECT_FALSE(has(off, Feature::D) || has(off, Feature::Zfa) || has(off, Feature::Zfhmin));
  EXPECT_TRUE(has(off, Feature::Zicsr));
}

TEST(RiscvCpu, MessagesListWhatIsKnown) {
  EXPECT_NE(message("sparc").find("rv64gc"), std::string::npos);
  EXPECT_NE(message("rv64,+zbq").find("'zbq'"), std::string::npos);
  EXPECT_NE(message("rv64,+zbq").find("zbb"), std::string::npos);
  EXPECT_NE(message("rv64,zbb").find("+extension"), std::string::npos);
  EXPECT_NE(message("rv64,").find("+extension"), std::string::npos);
  EXPECT_NE(message("rv64,+rv32").find("'rv32'"), std::string::npos);
  EXPECT_NE(message(",").find("rv64gc"), std::string::npos);
}

}  // namespace
}  // namespace menura::riscv
