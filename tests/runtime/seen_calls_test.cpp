// Which targets of an indirect call are worth a comparison.
#include "backends/runtime/seen_calls.h"

#include <gtest/gtest.h>

#include <vector>

namespace menura::runtime::test {
namespace {

std::vector<uint64_t> likely(const SeenCalls& calls, uint64_t return_pc) {
  std::array<uint64_t, SeenCalls::kMost> entries = {};
  const std::size_t count = calls.likely(return_pc, entries);
  return {entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(SeenCallsTest, AFewSamplesSayNothing) {
  SeenCalls calls;
  for (uint32_t i = 1; i < SeenCalls::kEnough; ++i) calls.note(8, 100);
  EXPECT_TRUE(likely(calls, 8).empty());
  calls.note(8, 100);
  EXPECT_EQ(likely(calls, 8), (std::vector<uint64_t>{100}));
  EXPECT_TRUE(likely(calls, 12).empty());
}

TEST(SeenCallsTest, TheLikeliestComeFirstAndTheRareNotAtAll) {
  SeenCalls calls;
  calls.note(8, 300, 1);
  calls.note(8, 100, 10);
  calls.note(8, 200, 30);
  EXPECT_EQ(likely(calls, 8), (std::vector<uint64_t>{200, 100}));
}

TEST(SeenCallsTest, CallsThatGoEverywhereAreLeftAlone) {
  SeenCalls calls;
  for (uint64_t entry = 0; entry < 8; ++entry) calls.note(8, 100 * entry, 10);
  EXPECT_TRUE(likely(calls, 8).empty());
}

TEST(SeenCallsTest, WhatComesLateMakesItsWay) {
  SeenCalls calls;
  for (uint64_t entry = 0; entry < 100; ++entry) calls.note(8, 1000 + entry);
  for (unsigned i = 0; i < 400; ++i) calls.note(8, 5);
  EXPECT_EQ(likely(calls, 8).front(), 5U);
}

}  // namespace
}  // namespace menura::runtime::test
