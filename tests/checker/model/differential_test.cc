// The checker against the slow model, on random histories in random
// interleavings and batches.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

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

constexpr uint64_t kQuietFrom = 10'000;  // behind all offsets of a history

// What is said of the streams, when quiet segments follow them; of those nothing.
// (An online checker may need to see what comes next where the model, which sees
// the end, does not.)
using Checking = std::function<std::vector<Said>(const Stream& source, const Stream& target)>;
std::vector<Said> WithQuietEnd(const PairOptions& options, Stream source, Stream target,
                               const Checking& check) {
  AppendQuietBarriers(kQuietFrom, 2 * options.lateness + 4, &source, &target);
  std::vector<Said> said = check(source, target);
  const auto quiet = std::find_if(said.begin(), said.end(), [](const Said& one) {
    return one.kind != Said::Kind::kResolved && one.from >= kQuietFrom;
  });
  said.erase(quiet, said.end());
  return said;
}

std::vector<Said> ModelSays(const History& history) {
  return WithQuietEnd(history.options, history.source, history.target,
                      [&](const Stream& source, const Stream& target) {
                        return SlowModel(history.options, source, target);
                      });
}

// The same batches and order for the same seed.
std::vector<Said> CheckerSays(const History& history, Interleaving interleaving) {
  return WithQuietEnd(history.options, history.source, history.target,
                      [&](const Stream& source, const Stream& target) {
                        Random random(history.seed);
                        return Feed(history.options, source, target, interleaving, random);
                      });
}

std::string DumpBoth(const History& history, Interleaving interleaving) {
  return absl::StrCat(Dump(history), "the model says\n", ToString(ModelSays(history)),
                      "the checker says\n", ToString(CheckerSays(history, interleaving)));
}

// A failing history and what is left of it when it is shrunk.
std::string Explain(History history, Interleaving interleaving) {
  const auto fails = [&](const Stream& source, const Stream& target) {
    History smaller = history;
    smaller.source = source;
    smaller.target = target;
    return CheckerSays(smaller, interleaving) != ModelSays(smaller);
  };
  History shrunk = history;
  Shrink(fails, &shrunk.source, &shrunk.target);
  return absl::StrCat("DCP_PROPERTY_SEED=", history.seed, ", interleaving ",
                      static_cast<int>(interleaving), "\n", DumpBoth(history, interleaving),
                      "\nshrunk:\n", DumpBoth(shrunk, interleaving));
}

TEST_P(DifferentialTest, CheckerSaysWhatTheModelSays) {
  for (const uint64_t seed : Seeds(1500)) {
    SCOPED_TRACE(absl::StrCat("DCP_PROPERTY_SEED=", seed));
    const History history = Generate(GetParam().theme, seed);
    const std::vector<Said> expected = ModelSays(history);
    for (const Interleaving interleaving : kInterleavings) {
      ASSERT_TRUE(CheckerSays(history, interleaving) == expected) << Explain(history, interleaving);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, DifferentialTest,
                         ::testing::Values(DifferentialCase{"Exact", Theme::kExact},
                                           DifferentialCase{"Lateness", Theme::kLateness},
                                           DifferentialCase{"Replay", Theme::kReplay},
                                           DifferentialCase{"Gtid", Theme::kGtid},
                                           DifferentialCase{"Restart", Theme::kRestart},
                                           DifferentialCase{"Faults", Theme::kFaults},
                                           DifferentialCase{"GtidFaults", Theme::kGtidFaults},
                                           DifferentialCase{"MariaDb", Theme::kMariaDb},
                                           DifferentialCase{"MariaDbFaults",
                                                            Theme::kMariaDbFaults}),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::checker::test
