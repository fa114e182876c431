// What every guest's decode rows must keep, for its test in this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "frontends/common/decode_tree.h"
#include "ir/api/frontend.h"

namespace menura::tests {

using frontends::Row;

// A word of the row: fixed bits as they must be, the others random; false where the row excludes it.
bool random_word(const Row& row, std::mt19937_64& random, uint64_t& word);

// Rows (inner, outer) that lie inside others on purpose: a hint's or a special case's own name for a word of the outer
// row.
using NestedRows = std::set<std::pair<std::string_view, std::string_view>>;

// No two rows that some CPU has together (`coexist`) accept one word, but for these; and all of these do.
void expect_overlaps_only(std::span<const Row> rows, const NestedRows& nested,
                          const std::function<bool(const Row&, const Row&)>& coexist);

// Every row's words decode as it, or as a row inside it. `decode`: the word with all features that the row can have
// beside it; bits above the row's length are random.
void expect_finds(std::span<const Row> rows, const NestedRows& nested,
                  const std::function<frontends::RowId(const Row& row, uint64_t word)>& decode);
// And with no features, as nothing.
void expect_finds_nothing(std::span<const Row> rows, const std::function<frontends::RowId(uint64_t word)>& decode);

// Lifts the word, verifies the region, and checks that scan() says what lift() did.
// `may_trap`: it may begin with a look at whether it is allowed at all. `what`: for messages.
void expect_lifts(const ir::Frontend& frontend, uint64_t word, uint64_t mode, std::string_view what, bool may_trap);

}  // namespace menura::tests
