// A check with next to no memory says what one with all memory says: what waits goes
// through a store, and what is remembered of settled keys is cut short without a lie.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/checker/model/feed.h"
#include "tests/checker/model/history_generator.h"
#include "tests/checker/model/properties.h"
#include "tests/checker/model/shrink.h"

namespace dcp::checker::test {
namespace {

struct SpillCase {
  const char* name;
  Theme theme;
};

class SpillTest : public ::testing::TestWithParam<SpillCase> {};

constexpr Interleaving kInterleavings[] = {Interleaving::kRandom, Interleaving::kSourceFirst,
                                           Interleaving::kTargetFirst};

std::vector<Said> Says(const History& history, Interleaving interleaving, uint64_t restarts,
                       const FeedMemory& memory) {
  Random random(history.seed);
  Stream source = history.source, target = history.target;
  AppendQuietBarriers(10'000, 2 * history.options.lateness + 4, &source, &target);
  return Feed(history.options, source, target, interleaving, random, restarts, memory);
}

std::string Explain(const History& history, Interleaving interleaving, uint64_t restarts) {
  const auto fails = [&](const Stream& source, const Stream& target) {
    History smaller = history;
    smaller.source = source;
    smaller.target = target;
    return Says(smaller, interleaving, restarts, {.spills = true}) !=
           Says(smaller, interleaving, restarts, {});
  };
  History shrunk = history;
  Shrink(fails, &shrunk.source, &shrunk.target);
  return absl::StrCat("DCP_PROPERTY_SEED=", history.seed, ", interleaving ",
                      static_cast<int>(interleaving), ", restarts ", restarts, "\n", Dump(shrunk),
                      "in memory\n", ToString(Says(shrunk, interleaving, restarts, {})),
                      "spilled\n",
                      ToString(Says(shrunk, interleaving, restarts, {.spills = true})));
}

TEST_P(SpillTest, SaysTheSameAsWithAllMemory) {
  uint64_t spilled = 0;
  for (const uint64_t seed : Seeds(1000)) {
    const History history = Generate(GetParam().theme, seed);
    for (const Interleaving interleaving : kInterleavings) {
      const FeedMemory memory{.spills = true, .spilled = &spilled};
      ASSERT_TRUE(Says(history, interleaving, 0, memory) == Says(history, interleaving, 0, {}))
          << Explain(history, interleaving, 0);
    }
  }
  EXPECT_GT(spilled, 0u);
}

TEST_P(SpillTest, SaysTheSameOverRestarts) {
  for (const uint64_t seed : Seeds(300)) {
    History history = Generate(GetParam().theme, seed);
    history.options.history = static_cast<uint32_t>(1 + seed % 3);
    ASSERT_TRUE(Says(history, Interleaving::kRandom, 3, {.spills = true}) ==
                Says(history, Interleaving::kRandom, 3, {}))
        << Explain(history, Interleaving::kRandom, 3);
  }
}

// What is not remembered is at most `unverified`: never a difference that is none, never
// `same` where it is not the same.
TEST_P(SpillTest, ShortMemoryOfKeysSaysNothingWrong) {
  for (const uint64_t seed : Seeds(1000)) {
    History history = Generate(GetParam().theme, seed);
    history.options.history = 100;
    const FeedMemory memory{.spills = true, .max_key_bytes = 1};
    Random random(seed);
    const std::vector<Said> said = Feed(history.options, history.source, history.target,
                                        Interleaving::kRandom, random, 0, memory);
    EXPECT_EQ(FindContradiction(history, said), "") << "DCP_PROPERTY_SEED=" << seed << "\n"
                                                    << Dump(history) << ToString(said);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , SpillTest,
    ::testing::Values(SpillCase{"Exact", Theme::kExact}, SpillCase{"Lateness", Theme::kLateness},
                      SpillCase{"Replay", Theme::kReplay}, SpillCase{"Gtid", Theme::kGtid},
                      SpillCase{"Restart", Theme::kRestart}, SpillCase{"Faults", Theme::kFaults},
                      SpillCase{"GtidFaults", Theme::kGtidFaults},
                      SpillCase{"MariaDb", Theme::kMariaDb},
                      SpillCase{"MariaDbFaults", Theme::kMariaDbFaults}),
    [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::checker::test
