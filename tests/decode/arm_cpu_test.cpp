// --cpu: models, switches, what features require, and messages.
#include <gtest/gtest.h>

#include "frontends/arm/features.h"
#include "frontends/arm/helpers/qarma5.h"

namespace menura::arm {
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

TEST(ArmCpu, Models) {
  EXPECT_EQ(parsed(""), parsed("max"));
  EXPECT_FALSE(has(parsed("cortex-a53"), Feature::LSE));
  EXPECT_TRUE(has(parsed("cortex-a72"), Feature::CRC32) && has(parsed("cortex-a72"), Feature::PMULL));
  EXPECT_TRUE(has(parsed("cortex-a76"), Feature::LSE) && has(parsed("cortex-a76"), Feature::DotProd));
  EXPECT_FALSE(has(parsed("neoverse-n1"), Feature::PAuth) || has(parsed("neoverse-n1"), Feature::JSCVT));
  EXPECT_TRUE(has(parsed("max"), Feature::MOPS) && !has(parsed("max"), Feature::PAuthQARMA5));
}

TEST(ArmCpu, RequiredFeaturesFollow) {
  EXPECT_TRUE(has(parsed("cortex-a53,+sha3"), Feature::SHA512));
  const FeatureSet off = parsed("max,-fp");
  EXPECT_FALSE(has(off, Feature::AdvSIMD) || has(off, Feature::SHA256) || has(off, Feature::FHM));
  EXPECT_TRUE(has(off, Feature::LSE));
}

TEST(ArmCpu, MessagesListWhatIsKnown) {
  EXPECT_NE(message("cortex-m4").find("cortex-a72"), std::string::npos);
  EXPECT_NE(message("max,+sve").find("'sve' is no feature"), std::string::npos);
  EXPECT_NE(message("max,lse").find("+feature"), std::string::npos);
  EXPECT_NE(message("max,-a64").find("'a64'"), std::string::npos);
}

// R. Avanzi, "The QARMA Block Cipher Family" (2016), table 5: QARMA-64 with sigma 2 and r = 5.
TEST(ArmCpu, Qarma5) {
  EXPECT_EQ(qarma5(0xfb623599da6e8127, 0x477d469dec0b8762, 0x84be85ce9804e94b, 0xec2802d4e0a488e9), 0xc003b93999b33765);
}

}  // namespace
}  // namespace menura::arm
