// XA transactions between two live servers: their rows are changes where XA COMMIT stands,
// whenever that is, and none where XA ROLLBACK does.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What is prepared in a binlog may be ended by any session, later. MySQL 5.6 has none: it logs the
// transaction where it is committed, and ends it with its session.
bool LogsPrepared(Flavour flavour) { return flavour != Flavour::kMysql56; }

class XaPair : public CheckedPair {
 protected:
  using CheckedPair::CheckedPair;

  // Prepared in a session of its own, which goes away: the transaction stays.
  void Prepare(const std::string& xid, const std::string& sql) {
    ASSERT_OK_AND_ASSIGN(auto session, source().Connect());
    ASSERT_OK(session->Execute(absl::StrCat("XA START '", xid, "'; ", sql, "; XA END '", xid,
                                            "'; XA PREPARE '", xid, "'")));
    if (!LogsPrepared(flavour())) sessions_[xid] = std::move(session);
  }
  void Commit(const std::string& xid) { End("COMMIT", xid); }
  void RollBack(const std::string& xid) { End("ROLLBACK", xid); }

  std::string ExecutedOnSource() {
    const auto executed = source().QueryValue(source().words().executed_gtids);
    EXPECT_OK(executed);
    return absl::StrReplaceAll(executed.value_or(""), {{"\n", ""}});
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

  // Changes counted by the last verdict that ends at `to`, of both sides.
  std::string RowsUpTo(uint64_t to) {
    AwaitVerdict(to);
    std::string rows;
    for (const Alarm& alarm : dcp().alarms()) {
      if (IsVerdict(alarm) && alarm["to"] == to) rows = alarm["rows"].dump();
    }
    return rows;
  }

  // What was said of the segments from barrier `from` on, also before kFirst.
  std::vector<std::string> WordsFrom(uint64_t from) {
    std::vector<std::string> words;
    for (const Alarm& alarm : dcp().alarms()) {
      if (alarm["from"].get<uint64_t>() >= from) words.push_back(InWords(alarm));
    }
    return words;
  }

  void EndSessions() { sessions_.clear(); }

 private:
  // A prepared transaction is another session's only once its own is gone.
  void End(const std::string& how, const std::string& xid) {
    const std::string sql = absl::StrCat("XA ", how, " '", xid, "'");
    const auto own = sessions_.find(xid);
    if (own != sessions_.end()) {
      EXPECT_OK(own->second->Execute(sql));
      sessions_.erase(own);
      return;
    }
    absl::Status status;
    const auto ended = [&] {
      status = source().Execute(sql);
      return status.ok() || !absl::StrContains(status.message(), "(1397)");
    };
    EXPECT_TRUE(Eventually(ended, absl::Seconds(10)));
    ASSERT_OK(status);
  }

  std::map<std::string, std::unique_ptr<Session>> sessions_;  // by XID
};

class XaTest : public XaPair, public ::testing::WithParamInterface<Flavour> {
 protected:
  XaTest() : XaPair(GetParam()) {}
};

constexpr char kChange[] =
    "INSERT INTO shop.orders VALUES (42, 'x', 7); UPDATE shop.orders SET v = 'y' WHERE id = 5";

TEST_P(XaTest, RowsAreChangesWhereTheCommitStands) {
  Start({.background = false});
  Prepare("a", kChange);
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":0,"target":0})");
  OnSource("UPDATE shop.orders SET v = 'z' WHERE id = 6");
  Commit("a");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":3,"target":3})");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

TEST_P(XaTest, RolledBackRowsAreNone) {
  Start({.background = false});
  Prepare("a", kChange);
  Prepare("b", "DELETE FROM shop.orders WHERE id = 6");
  Judge();
  RollBack("a");
  Commit("b");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":1,"target":1})");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

TEST_P(XaTest, RowWrittenByTheTargetAloneIsFoundWhenTheCommitComes) {
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

INSTANTIATE_TEST_SUITE_P(, XaTest, ::testing::ValuesIn(kAllFlavours),
                         [](const auto& flavour) { return NameOf(flavour.param); });

// ---- XA PREPARE stands in the binlog ----

class LoggedPrepareTest : public XaTest {};

INSTANTIATE_TEST_SUITE_P(, LoggedPrepareTest,
                         ::testing::Values(Flavour::kMysql97, Flavour::kMariaDb),
                         [](const auto& flavour) { return NameOf(flavour.param); });

// The replica's too: both streams begin behind it.
TEST_P(LoggedPrepareTest, CommitWhosePrepareWasNotSeenIsUnverified) {
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

TEST_P(LoggedPrepareTest, RollbackWhosePrepareWasNotSeenChangesNothing) {
  Prepare("a", kChange);
  ASSERT_OK(pair().WaitForReplica());
  Start();
  RollBack("a");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

TEST_P(LoggedPrepareTest, StartBehindThePrepareByGtidIsUnverified) {
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

TEST_P(LoggedPrepareTest, StartBeforeThePrepareByGtidSeesItsRows) {
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
TEST_P(LoggedPrepareTest, EndedByAnotherSessionAfterTheServersRestarted) {
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

// A daemon that ends behind the PREPARE goes on from before it, however many barriers ago that
// was: the rows are known.
TEST_P(LoggedPrepareTest, DaemonRestartedBetweenPrepareAndCommit) {
  Start({.check = "history = 1\n", .background = false});
  Prepare("a", kChange);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(RowsUpTo(Judge()), R"({"source":0,"target":0})");
  }
  ASSERT_OK(dcp().Restart());
  Commit("a");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":2,"target":2})");
  OnSource("UPDATE shop.orders SET v = 'z' WHERE id = 5");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":1,"target":1})");
  for (const Alarm& alarm : dcp().alarms()) EXPECT_EQ(alarm["type"], "same") << alarm.dump();
}

// One that starts again behind it: that it does not know the rows is said.
TEST_P(LoggedPrepareTest, DaemonRestartedBehindThePrepareIsUnverified) {
  const std::string now = "start = \"now\"\n";
  Settings settings{.background = false};
  settings.collectors = absl::StrCat(CollectorToml("source", 4201, source(), {{"src"}}, now),
                                     CollectorToml("replica", 4202, replica(), {{"dst"}}, now));
  Start(settings);
  Prepare("a", kChange);
  Judge();
  const uint64_t first = Restart();
  Commit("a");
  Judge();
  OnSource("UPDATE shop.orders SET v = 'z' WHERE id = 5");
  Judge();
  EXPECT_THAT(WordsFrom(first),
              ElementsAre(absl::StrCat("unverified ", first, "..", first + 1, " event"),
                          absl::StrCat("same ", first + 1, "..", first + 2)));
}

// ---- MySQL 5.6 ----

class Mysql56XaTest : public XaPair {
 protected:
  Mysql56XaTest() : XaPair(Flavour::kMysql56) {}

  // The sessions of what is prepared go away with it.
  void KillSource() {
    source().Kill();
    EndSessions();
    ASSERT_OK(source().Restart());
  }
};

TEST_F(Mysql56XaTest, WhatIsPreparedEndsWithItsSession) {
  Start({.background = false});
  Prepare("a", kChange);
  EndSessions();
  OnSource("UPDATE shop.orders SET v = 'z' WHERE id = 5");  // waits for the row
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":1,"target":1})");
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

// What survives a crash of the server is committed, but not logged: the replica does not get it.
// That is seen where the row is next written.
TEST_F(Mysql56XaTest, CommitBehindACrashOfTheServerIsInNoBinlog) {
  Start({.background = false});
  Prepare("a", "UPDATE shop.orders SET v = 'y' WHERE id = 5");
  Judge();
  KillSource();
  Commit("a");
  EXPECT_EQ(RowsUpTo(Judge()), R"({"source":0,"target":0})");
  OnSource("UPDATE shop.orders SET n = 50 WHERE id = 5");
  EXPECT_THAT(Said(),
              ElementsAre("same 200..201", "same 201..202", "diff 202..203 healed shop.orders[5]",
                          "resolved 202..203 shop.orders[5]"));
}

}  // namespace
}  // namespace dcp::test
