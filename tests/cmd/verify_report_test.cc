#include "cmd/dcp/verify_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/simulated_clock.h"

namespace dcp::cmd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using verifier::TableResult;

class VerifyReportTest : public ::testing::Test {
 protected:
  // The exit status after these results.
  int StatusOf(const std::vector<TableResult>& results) {
    VerifyReport report({true, false}, out_, err_, clock_);
    for (const TableResult& result : results) report.OnTable(result);
    return report.status();
  }

  test::SimulatedClock clock_;
  std::ostringstream out_, err_;
};

TableResult Result(const std::function<void(TableResult&)>& change) {
  TableResult result;
  result.table = "shop.t";
  change(result);
  return result;
}

TEST_F(VerifyReportTest, TheStatusHasABitForEachResult) {
  const TableResult equal = Result([](TableResult&) {});
  const TableResult different = Result([](TableResult& r) { r.different = 3; });
  const TableResult undecided = Result([](TableResult& r) { r.undecided = 1; });
  const TableResult skipped = Result([](TableResult& r) { r.skipped = "no key"; });
  const TableResult columns = Result([](TableResult& r) {
    r.schema_differences = {"c"};
    r.all_columns = false;
  });
  const TableResult key = Result([](TableResult& r) { r.schema_differences = {"k"}; });
  EXPECT_EQ(StatusOf({}), 0);
  EXPECT_EQ(StatusOf({equal}), 0);
  EXPECT_EQ(StatusOf({equal, different}), 2);
  EXPECT_EQ(StatusOf({undecided, equal}), 4);
  EXPECT_EQ(StatusOf({skipped}), 8);
  EXPECT_EQ(StatusOf({columns}), 8);
  EXPECT_EQ(StatusOf({key}), 8);
  EXPECT_EQ(StatusOf({different, undecided, skipped, equal}), 2 + 4 + 8);
}

TEST_F(VerifyReportTest, ProgressIsLinesWhereThereIsNoTerminal) {
  VerifyReport report({true, false}, out_, err_, clock_);
  verifier::TableTask task;
  task.rows_about = 1000;
  report.OnStart({task}, "barrier");
  report.OnRows("shop.t", 100);
  EXPECT_THAT(err_.str(), Not(HasSubstr("rows/s")));
  clock_.Advance(absl::Seconds(10));
  report.OnRows("shop.t", 100);
  EXPECT_THAT(err_.str(),
              HasSubstr("dcp: 200 rows of about 1000, 20 rows/s, about 40s left, 0/1 tables\n"));
  const std::string before = err_.str();
  report.OnRows("shop.t", 100);
  EXPECT_EQ(err_.str(), before);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(VerifyReportTest, OnATerminalProgressIsABarThatGivesWay) {
  VerifyReport report({true, true}, out_, err_, clock_);
  verifier::TableTask task;
  task.rows_about = 1000;
  report.OnStart({task}, "barrier");
  clock_.Advance(absl::Seconds(1));
  report.OnRows("shop.t", 500);
  EXPECT_THAT(err_.str(), HasSubstr("\r\033[K[##########          ]  50% 500 rows"));
  report.OnWarning("late");
  EXPECT_THAT(err_.str(), HasSubstr("\r\033[Kdcp: warning: late\n"));
  EXPECT_EQ(ProgressBar(5, 0), "[################### ]  99%");
}

}  // namespace
}  // namespace dcp::cmd
