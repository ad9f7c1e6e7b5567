// The rules of docs/semantics.md themselves, as the slow model applies them:
// no false difference, no `same` that is not.
#include <gtest/gtest.h>

#include "tests/checker/model/history_generator.h"
#include "tests/checker/model/properties.h"
#include "tests/checker/model/slow_model.h"

namespace dcp::checker::test {
namespace {

struct ThemeCase {
  const char* name;
  Theme theme;
};

class RulesTest : public ::testing::TestWithParam<ThemeCase> {};

TEST_P(RulesTest, VerdictsAgreeWithTheTruth) {
  for (const uint64_t seed : Seeds(2000)) {
    const History history = Generate(GetParam().theme, seed);
    const std::vector<Said> said = SlowModel(history.options, history.source, history.target);
    ASSERT_EQ(FindContradiction(history, said), "") << "DCP_PROPERTY_SEED=" << seed << "\n"
                                                    << Dump(history) << "verdicts\n"
                                                    << ToString(said);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , RulesTest,
    ::testing::Values(ThemeCase{"Exact", Theme::kExact}, ThemeCase{"Lateness", Theme::kLateness},
                      ThemeCase{"Replay", Theme::kReplay}, ThemeCase{"Gtid", Theme::kGtid},
                      ThemeCase{"Restart", Theme::kRestart}, ThemeCase{"Faults", Theme::kFaults},
                      ThemeCase{"GtidFaults", Theme::kGtidFaults},
                      ThemeCase{"MariaDb", Theme::kMariaDb},
                      ThemeCase{"MariaDbFaults", Theme::kMariaDbFaults}),
    [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::checker::test
