// XA transactions between two live servers: their rows are changes where XA COMMIT stands,
// whenever that is, and none where XA ROLLBACK does.
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class XaTest : public CheckedPair {
 protected:
  // Prepared in a session of its own, which goes away: the transaction stays.
  void Prepare(const std::string& xid, const std::string& sql) {
    ASSERT_OK_AND_ASSIGN(const auto session, source().Connect());
    ASSERT_OK(session->Execute(absl::StrCat("XA START '", xid, "'; ", sql, "; XA END '", xid,
                                            "'; XA PREPARE '", xid, "'")));
  }
  void Commit(const std::string& xid) { End("COMMIT", xid); }
  void RollBack(const std::string& xid) { End("ROLLBACK", xid); }

  std::string ExecutedOnSource() {
    const auto executed = source().QueryValue("SELECT REPLACE(@@GLOBAL.gtid_executed, '\n', '')");
    EXPECT_OK(executed);
    return executed.value_or("");
  }

  // Both collectors begin behind what `executed` names.
  Settings From(const std::string& executed) {
    const std::string start = absl::StrCat("start = \"gtid:", executed, "\"\n");
    Settings settings;
    settings.collectors = absl::StrCat(CollectorToml("source", 4201, source(), {{"src"}}, start),
                                       CollectorToml("replica", 4202, replica(), {{"dst"}}, start));
    settings.background = false;
    return settings;
  }

  // Barriers amid nothing else: those before dcp runs.
  void Barriers(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_OK(source().Execute("UPDATE drc.barrier SET `offset` = `offset` + 1 WHERE id = 1"));
    }
  }

  // Changes counted by the verdict that ends at `to`, of both sides.
  std::string RowsUpTo(uint64_t to) {
    const auto verdict =
        dcp().Await([to](const Alarm& alarm) { return IsVerdict(alarm) && alarm["to"] == to; });
    EXPECT_OK(verdict);
    return verdict.ok() ? (*verdict)["rows"].dump() : "";
  }

  // What was said of the segments from barrier `from` on, also before kFirst.
  std::vector<std::string> WordsFrom(uint64_t from) {
    std::vector<std::string> words;
    for (const Alarm& alarm : dcp().alarms()) {
      if (alarm["from"].get<uint64_t>() >= from) words.push_back(InWords(alarm));
    }
    return words;
  }

 private:
  // A prepared transaction is another session's only once its own is gone.
  void End(const std::string& how, const std::string& xid) {
    absl::Status status;
    for (int i = 0; i < 100; ++i) {
      status = source().Execute(absl::StrCat("XA ", how, " '", xid, "'"));
      if (status.ok() || !absl::StrContains(status.message(), "(1397)")) break;
    }
    ASSERT_OK(status);
  }
};

constexpr char kChange[] =
    "INSERT INTO shop.orders VALUES (42, 'x', 7); UPDATE shop.orders SET v = 'y' WHERE id = 5";

TEST_F(XaTest, RowsAreChangesWhereTheCommitStands) {
  Start({.background = false});
  Prepare("a", kChange);
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":0,"target":0})");
  OnSource("UPDATE shop.orders SET v = 'z' WHERE id = 6");
  Commit("a");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":3,"target":3})");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

TEST_F(XaTest, RolledBackRowsAreNone) {
  Start({.background = false});
  Prepare("a", kChange);
  Prepare("b", "DELETE FROM shop.orders WHERE id = 6");
  Judge();
  RollBack("a");
  Commit("b");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":1,"target":1})");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

TEST_F(XaTest, RowWrittenByTheTargetAloneIsFoundWhenTheCommitComes) {
  Start();
  Prepare("a", "UPDATE shop.orders SET n = 50 WHERE id = 5");
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'own' WHERE id = 4");
  Judge();
  Commit("a");
  OnSource("UPDATE shop.orders SET n = 40 WHERE id = 4");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "diff 201..202 extra shop.orders[4]",
                                  "diff 202..203 known 1", "resolved 202..203 shop.orders[4]"));
}

// The replica's too: both streams begin behind it.
TEST_F(XaTest, CommitWhosePrepareWasNotSeenIsUnverified) {
  Prepare("a", kChange);
  ASSERT_OK(pair().WaitForReplica());
  Start();
  Commit("a");
  Judge();
  OnSource("UPDATE shop.orders SET v = 'z' WHERE id = 5");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("unverified 200..201 event", "same 201..202"));
  const auto alarm = dcp().Await(OfType("unverified"));
  ASSERT_OK(alarm);
  EXPECT_THAT((*alarm)["detail"].get<std::string>(), HasSubstr("XA PREPARE stands before"));
}

TEST_F(XaTest, RollbackWhosePrepareWasNotSeenChangesNothing) {
  Prepare("a", kChange);
  ASSERT_OK(pair().WaitForReplica());
  Start();
  RollBack("a");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

TEST_F(XaTest, StartBehindThePrepareByGtidIsUnverified) {
  Prepare("a", kChange);
  const std::string executed = ExecutedOnSource();
  Barriers(3);  // 101, 102, 103
  Commit("a");
  Barriers(2);
  ASSERT_OK(pair().WaitForReplica());
  Start(From(executed));
  EXPECT_THAT(WordsFrom(102), Contains("unverified 103..104 event"));
  EXPECT_THAT(WordsFrom(102), Contains("same 104..105"));
}

TEST_F(XaTest, StartBeforeThePrepareByGtidSeesItsRows) {
  const std::string executed = ExecutedOnSource();
  Barriers(2);  // 101, 102
  Prepare("a", kChange);
  Barriers(1);
  Commit("a");
  Barriers(1);
  ASSERT_OK(pair().WaitForReplica());
  Start(From(executed));
  EXPECT_EQ(RowsUpTo(103), R"({"source":0,"target":0})");
  EXPECT_EQ(RowsUpTo(104), R"({"source":2,"target":2})");
  EXPECT_THAT(WordsFrom(102), Contains("same 103..104"));
}

// Both streams break too, and go on.
TEST_F(XaTest, EndedByAnotherSessionAfterTheServersRestarted) {
  Start({.background = false});
  Prepare("a", kChange);
  Prepare("b", "DELETE FROM shop.orders WHERE id = 6");
  Judge();
  ASSERT_OK(source().Restart());
  ASSERT_OK(replica().Restart());
  RollBack("b");
  Judge();
  Commit("a");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":2,"target":2})");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202", "same 202..203"));
}

}  // namespace
}  // namespace dcp::test
