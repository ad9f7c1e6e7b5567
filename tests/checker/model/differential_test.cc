// The checker against the slow model, on random histories in random
// interleavings and batches.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/checker/model/feed.h"
#include "tests/checker/model/history_generator.h"
#include "tests/checker/model/properties.h"
#include "tests/checker/model/shrink.h"
#include "tests/checker/model/slow_model.h"

namespace dcp::checker::test {
namespace {

struct DifferentialCase {
  const char* name;
  Theme theme;
};

class DifferentialTest : public ::testing::TestWithParam<DifferentialCase> {};

constexpr Interleaving kInterleavings[] = {Interleaving::kRandom, Interleaving::kSourceFirst,
                                           Interleaving::kTargetFirst};

// The same batches and order for the same seed.
std::vector<Said> Check(const History& history, Interleaving interleaving) {
  Random random(history.seed);
  return Feed(history.options, history.source, history.target, interleaving, random);
}

// What is left of a failing history, and what both say of it.
std::string Explain(History history, Interleaving interleaving) {
  const auto fails = [&history, interleaving](const Stream& source, const Stream& target) {
    Random random(history.seed);
    return Feed(history.options, source, target, interleaving, random) !=
           SlowModel(history.options, source, target);
  };
  Shrink(fails, &history.source, &history.target);
  return absl::StrCat("DCP_PROPERTY_SEED=", history.seed, ", shrunk:\n", Dump(history),
                      "the model says\n",
                      ToString(SlowModel(history.options, history.source, history.target)),
                      "the checker says\n", ToString(Check(history, interleaving)));
}

TEST_P(DifferentialTest, CheckerSaysWhatTheModelSays) {
  for (const uint64_t seed : Seeds(1500)) {
    SCOPED_TRACE(absl::StrCat("DCP_PROPERTY_SEED=", seed));
    const History history = Generate(GetParam().theme, seed);
    const auto expected = SlowModel(history.options, history.source, history.target);
    for (const Interleaving interleaving : kInterleavings) {
      const auto said = Check(history, interleaving);
      ASSERT_TRUE(said == expected) << Explain(history, interleaving);
    }
    ASSERT_EQ(FindContradiction(history, expected), "") << Dump(history) << ToString(expected);
  }
}

INSTANTIATE_TEST_SUITE_P(, DifferentialTest,
                         ::testing::Values(DifferentialCase{"Exact", Theme::kExact},
                                           DifferentialCase{"Lateness", Theme::kLateness},
                                           DifferentialCase{"Replay", Theme::kReplay},
                                           DifferentialCase{"Gtid", Theme::kGtid},
                                           DifferentialCase{"Restart", Theme::kRestart},
                                           DifferentialCase{"Faults", Theme::kFaults},
                                           DifferentialCase{"GtidFaults", Theme::kGtidFaults}),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::checker::test
