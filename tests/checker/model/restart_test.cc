// A check that is cut off at random moments and taken up again says what an
// undisturbed one says.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/checker/model/feed.h"
#include "tests/checker/model/history_generator.h"
#include "tests/checker/model/plain_batch.h"
#include "tests/checker/model/properties.h"
#include "tests/checker/model/shrink.h"

namespace dcp::checker::test {
namespace {

struct RestartCase {
  const char* name;
  Theme theme;
};

class RestartTest : public ::testing::TestWithParam<RestartCase> {};

std::vector<Said> Says(const History& history, uint64_t restarts) {
  Random random(history.seed);
  Stream source = history.source, target = history.target;
  AppendQuietBarriers(10'000, 2 * history.options.lateness + 4, &source, &target);
  return Feed(history.options, source, target, Interleaving::kRandom, random, restarts);
}

std::string Explain(const History& history, uint64_t restarts) {
  const auto fails = [&](const Stream& source, const Stream& target) {
    History smaller = history;
    smaller.source = source;
    smaller.target = target;
    return Says(smaller, restarts) != Says(smaller, 0);
  };
  History shrunk = history;
  Shrink(fails, &shrunk.source, &shrunk.target);
  return absl::StrCat("DCP_PROPERTY_SEED=", history.seed, ", ", restarts, " restarts, history ",
                      history.options.history, "\n", Dump(shrunk), "undisturbed\n",
                      ToString(Says(shrunk, 0)), "restarted\n", ToString(Says(shrunk, restarts)));
}

bool IsUnsettled(const Said& said) {
  return said.kind == Said::Kind::kUnverified && said.reason == "restart";
}

TEST_P(RestartTest, SaysWhatAnUndisturbedCheckSays) {
  uint64_t unsettled = 0, all = 0;
  for (const uint64_t seed : Seeds(1000)) {
    History history = Generate(GetParam().theme, seed);
    // Little is read again, so that much must be known from what was stored.
    history.options.history = static_cast<uint32_t>(1 + seed % 3);
    if (std::any_of(history.target.begin(), history.target.end(), GoesBackInside)) continue;
    const std::vector<Said> expected = Says(history, 0);
    for (const uint64_t restarts : {uint64_t{1}, uint64_t{3}, uint64_t{10}}) {
      const std::vector<Said> said = Says(history, restarts);
      ++all;
      if (said == expected) continue;
      ASSERT_TRUE(std::any_of(said.begin(), said.end(), IsUnsettled)) << Explain(history, restarts);
      ++unsettled;
    }
  }
  EXPECT_LE(unsettled, 1 + all / 1000);  // it is said that something is not known
}

INSTANTIATE_TEST_SUITE_P(, RestartTest,
                         ::testing::Values(RestartCase{"Exact", Theme::kExact},
                                           RestartCase{"Lateness", Theme::kLateness},
                                           RestartCase{"Replay", Theme::kReplay},
                                           RestartCase{"Gtid", Theme::kGtid},
                                           RestartCase{"Restart", Theme::kRestart},
                                           RestartCase{"Faults", Theme::kFaults},
                                           RestartCase{"GtidFaults", Theme::kGtidFaults},
                                           RestartCase{"MariaDb", Theme::kMariaDb},
                                           RestartCase{"MariaDbFaults", Theme::kMariaDbFaults}),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::checker::test
