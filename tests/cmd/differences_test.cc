// Every kind of difference between two live servers: found in its segment, with its
// key, transactions, rows and columns; said once; resolved when mended; nothing else blamed.
#include "absl/strings/str_cat.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAre;

// ---- compare = "converge", aligned by GTID ----

class DifferencesTest : public CheckedPair {
 protected:
  // What was read from both sides before the difference was said.
  static Alarm Present(const Alarm& diff) { return diff.value("present", Alarm()); }
  static Alarm Rows(const std::string& source, const std::string& target) {
    return {{"source", Alarm::parse(source)}, {"target", Alarm::parse(target)}};
  }
};

class DigestTest : public DifferencesTest, public ::testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    DifferencesTest::SetUp();
    Settings settings;
    settings.check = absl::StrCat("digest = \"", GetParam(), "\"\n");
    Start(settings);
  }
};
INSTANTIATE_TEST_SUITE_P(All, DigestTest, ::testing::Values("xxh3", "md5"),
                         [](const auto& digest) { return digest.param; });

TEST_P(DigestTest, SkippedInsertIsMissing) {
  const Committed skipped = Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  OnReplica("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 missing shop.orders[42]", "diff 201..202 known 1",
                                  "resolved 201..202 shop.orders[42]", "same 202..203"));
  const Alarm diff = Difference("[42]");
  EXPECT_TRUE(IsChange(diff["source"], "INSERT", skipped, R"([42,"x",7])"));
  EXPECT_TRUE(diff["target"].is_null()) << diff;
  EXPECT_EQ(diff["columns"], Alarm::array());
  EXPECT_EQ(Present(diff), Rows(R"([42,"x",7])", "null"));
  const auto resolved = dcp().Await(OfType("resolved"));
  ASSERT_OK(resolved);
  EXPECT_EQ((*resolved)["resolves"], Alarm::array({AlarmOf("[42]")["id"]}));
}

TEST_P(DigestTest, ValueThatTheSourceNeverHadIsMismatch) {
  const Committed right = OnSource("UPDATE shop.orders SET v = 'right', n = 20 WHERE id = 2");
  const Committed wrong = OnReplica("UPDATE shop.orders SET v = 'wrong', n = 21 WHERE id = 2");
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'right', n = 20 WHERE id = 2");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 mismatch shop.orders[2]", "diff 201..202 known 1",
                                  "resolved 201..202 shop.orders[2]"));
  const Alarm diff = Difference("[2]");
  EXPECT_TRUE(IsChange(diff["source"], "UPDATE", right, R"([2,"right",20])"));
  EXPECT_TRUE(IsChange(diff["target"], "UPDATE", wrong, R"([2,"wrong",21])"));
  EXPECT_EQ(diff["columns"], Alarm::array({"v", "n"}));
  EXPECT_EQ(Present(diff), Rows(R"([2,"right",20])", R"([2,"wrong",21])"));
}

TEST_F(DifferencesTest, SkippedDeleteIsMissing) {
  Start();
  const Committed skipped = Skipped("DELETE FROM shop.orders WHERE id = 3");
  Judge();
  OnReplica("DELETE FROM shop.orders WHERE id = 3");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 missing shop.orders[3]", "diff 201..202 known 1",
                                  "resolved 201..202 shop.orders[3]"));
  const Alarm diff = Difference("[3]");
  EXPECT_TRUE(IsChange(diff["source"], "DELETE", skipped, R"([3,"c",3])"));
  EXPECT_TRUE(diff["target"].is_null()) << diff;
  EXPECT_EQ(Present(diff), Rows("null", R"([3,"c",3])"));
}

TEST_F(DifferencesTest, SkippedUpdateOfARowNeverTouchedBeforeIsMissing) {
  Start();
  const Committed skipped = Skipped("UPDATE shop.orders SET v = 'new' WHERE id = 4");
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'new' WHERE id = 4");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 missing shop.orders[4]", "diff 201..202 known 1",
                                  "resolved 201..202 shop.orders[4]"));
  const Alarm diff = Difference("[4]");
  EXPECT_TRUE(IsChange(diff["source"], "UPDATE", skipped, R"([4,"new",4])"));
  EXPECT_TRUE(diff["target"].is_null()) << diff;
  EXPECT_EQ(diff["columns"], Alarm::array({"v"}));
  EXPECT_EQ(Present(diff), Rows(R"([4,"new",4])", R"([4,"d",4])"));
}

TEST_F(DifferencesTest, SkippedUpdateOfARowTouchedInAnEarlierSegmentIsStale) {
  Start();
  OnSource("UPDATE shop.orders SET v = 'first' WHERE id = 4");
  Judge();
  Judge();
  const Committed skipped = Skipped("UPDATE shop.orders SET v = 'second' WHERE id = 4");
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'second' WHERE id = 4");
  EXPECT_THAT(Said(),
              ElementsAre("same 200..201", "same 201..202", "diff 202..203 stale shop.orders[4]",
                          "diff 203..204 known 1", "resolved 203..204 shop.orders[4]"));
  const Alarm diff = Difference("[4]");
  EXPECT_TRUE(IsChange(diff["source"], "UPDATE", skipped, R"([4,"second",4])"));
  EXPECT_EQ(diff["columns"], Alarm::array({"v"}));
  EXPECT_EQ(Present(diff), Rows(R"([4,"second",4])", R"([4,"first",4])"));
}

TEST_F(DifferencesTest, SecondOfTwoUpdatesSkippedInOneSegmentIsStale) {
  Start();
  const Committed applied = OnSource("UPDATE shop.orders SET v = 'first' WHERE id = 4");
  const Committed skipped = Skipped("UPDATE shop.orders SET v = 'second' WHERE id = 4");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 stale shop.orders[4]"));
  const Alarm diff = Difference("[4]");
  EXPECT_TRUE(IsChange(diff["source"], "UPDATE", skipped, R"([4,"second",4])"));
  EXPECT_TRUE(
      IsChange(diff["target"], "UPDATE", Find(replica(), applied.gtid), R"([4,"first",4])"));
  EXPECT_EQ(diff["columns"], Alarm::array({"v"}));
}

TEST_F(DifferencesTest, WriteToARowOfAnEarlierSegmentIsMismatch) {
  Start();
  OnSource("UPDATE shop.orders SET v = 'right' WHERE id = 5");
  Judge();
  const Committed wrong = OnReplica("UPDATE shop.orders SET v = 'wrong' WHERE id = 5");
  Judge();
  // The source's next write of the row brings the target back to it.
  OnSource("UPDATE shop.orders SET n = 50 WHERE id = 5");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "diff 201..202 mismatch shop.orders[5]",
                                  "diff 202..203 known 1", "resolved 202..203 shop.orders[5]"));
  const Alarm diff = Difference("[5]");
  EXPECT_TRUE(IsChange(diff["target"], "UPDATE", wrong, R"([5,"wrong",5])"));
  EXPECT_EQ(diff["columns"], Alarm::array({"v"}));
}

TEST_F(DifferencesTest, RowInsertedOnTheTargetIsExtra) {
  Start();
  const Committed own = OnReplica("INSERT INTO shop.orders VALUES (77, 'own', NULL)");
  Judge();
  Judge();
  OnReplica("DELETE FROM shop.orders WHERE id = 77");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.orders[77]", "same 201..202",
                                  "diff 202..203 known 1", "resolved 202..203 shop.orders[77]"));
  const Alarm diff = Difference("[77]");
  EXPECT_TRUE(diff["source"].is_null()) << diff;
  EXPECT_TRUE(IsChange(diff["target"], "INSERT", own, R"([77,"own",null])"));
  EXPECT_EQ(Present(diff), Rows("null", R"([77,"own",null])"));
}

TEST_F(DifferencesTest, UpdateOnTheTargetOfAnUntouchedRowIsExtra) {
  Start();
  const Committed own = OnReplica("UPDATE shop.orders SET n = -1 WHERE id = 6");
  Judge();
  OnReplica("UPDATE shop.orders SET n = 6 WHERE id = 6");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.orders[6]", "diff 201..202 known 1",
                                  "resolved 201..202 shop.orders[6]"));
  const Alarm diff = Difference("[6]");
  EXPECT_TRUE(diff["source"].is_null()) << diff;
  EXPECT_TRUE(IsChange(diff["target"], "UPDATE", own, R"([6,"f",-1])"));
  EXPECT_EQ(diff["columns"], Alarm::array({"n"}));
  EXPECT_EQ(Present(diff), Rows(R"([6,"f",6])", R"([6,"f",-1])"));
}

TEST_F(DifferencesTest, DeleteOnTheTargetIsExtra) {
  Start();
  const Committed own = OnReplica("DELETE FROM shop.orders WHERE id = 1");
  Judge();
  OnReplica("INSERT INTO shop.orders VALUES (1, 'a', 1)");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.orders[1]", "diff 201..202 known 1",
                                  "resolved 201..202 shop.orders[1]"));
  const Alarm diff = Difference("[1]");
  EXPECT_TRUE(IsChange(diff["target"], "DELETE", own, R"([1,"a",1])"));
  EXPECT_EQ(Present(diff), Rows(R"([1,"a",1])", "null"));
}

TEST_F(DifferencesTest, WrittenOnTheTargetAndBackAtOnceIsHealed) {
  Start();
  OnReplica("UPDATE shop.orders SET v = 'tmp' WHERE id = 2");
  const Committed back = OnReplica("UPDATE shop.orders SET v = 'b' WHERE id = 2");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 healed shop.orders[2]",
                                  "resolved 200..201 shop.orders[2]"));
  EXPECT_TRUE(IsChange(Difference("[2]")["target"], "UPDATE", back, R"([2,"b",2])"));
}

TEST_F(DifferencesTest, ForeignBeforeImageIsHealed) {
  Start();
  Unlogged("UPDATE shop.orders SET v = 'unseen' WHERE id = 2");
  const Committed update = OnSource("UPDATE shop.orders SET v = 'B' WHERE id = 2");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 healed shop.orders[2]",
                                  "resolved 200..201 shop.orders[2]"));
  const Alarm diff = Difference("[2]");
  EXPECT_TRUE(IsChange(diff["source"], "UPDATE", update, R"([2,"B",2])"));
  EXPECT_TRUE(IsChange(diff["target"], "UPDATE", Find(replica(), update.gtid), R"([2,"B",2])"));
  EXPECT_EQ(diff["columns"], Alarm::array());
}

// ---- rows that were right already: the replica logs nothing ----

TEST_F(DifferencesTest, InsertOfARowThatIsThereAlreadyIsHealed) {
  Start();
  ASSERT_OK(
      replica().Execute("SET GLOBAL replica_exec_mode = IDEMPOTENT; STOP REPLICA; START REPLICA"));
  Unlogged("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  const Committed insert = OnSource("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 healed shop.orders[42]",
                                  "resolved 200..201 shop.orders[42]"));
  const Alarm diff = Difference("[42]");
  EXPECT_TRUE(IsChange(diff["source"], "INSERT", insert, R"([42,"x",7])"));
  EXPECT_EQ(Present(diff), Rows(R"([42,"x",7])", R"([42,"x",7])"));
}

TEST_F(DifferencesTest, DeleteOfARowThatIsGoneAlreadyIsHealed) {
  Start();
  ASSERT_OK(
      replica().Execute("SET GLOBAL replica_exec_mode = IDEMPOTENT; STOP REPLICA; START REPLICA"));
  Unlogged("DELETE FROM shop.orders WHERE id = 3");
  const Committed deleted = OnSource("DELETE FROM shop.orders WHERE id = 3");
  Judge();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 healed shop.orders[3]",
                                  "resolved 200..201 shop.orders[3]", "same 201..202"));
  EXPECT_TRUE(IsChange(Difference("[3]")["source"], "DELETE", deleted, R"([3,"c",3])"));
  EXPECT_EQ(Present(Difference("[3]")), Rows("null", "null"));
}

TEST_F(DifferencesTest, WithoutConfirmItIsMissing) {
  Start({.check = "confirm = false\n"});
  Unlogged("UPDATE shop.orders SET v = 'new' WHERE id = 4");
  OnSource("UPDATE shop.orders SET v = 'new' WHERE id = 4");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 missing shop.orders[4]"));
  EXPECT_FALSE(Difference("[4]").contains("present"));
}

// ---- several at once, several times ----

TEST_F(DifferencesTest, MoreThanMaxDiffRowsAreCountedExactly) {
  Start({.check = "max_diff_rows = 3\n"});
  Skipped(
      "INSERT INTO shop.orders VALUES (51,'x',1),(52,'x',1),(53,'x',1),(54,'x',1),(55,'x',1),"
      "(56,'x',1),(57,'x',1)");
  const uint64_t to = Judge();
  const auto diff = dcp().Await(OfType("diff"));
  ASSERT_OK(diff);
  EXPECT_EQ((*diff)["to"], to);
  EXPECT_EQ((*diff)["diff_count"], 7);
  EXPECT_EQ((*diff)["diffs"].size(), 3U);
  OnReplica("INSERT INTO shop.orders VALUES (51,'x',1),(52,'x',1),(57,'x',1)");
  Judge();
  OnReplica("INSERT INTO shop.orders VALUES (53,'x',1),(54,'x',1),(55,'x',1),(56,'x',1)");
  const std::vector<std::string> said = Said();
  ASSERT_EQ(said.size(), 5U);
  EXPECT_THAT(said[0], ::testing::EndsWith("and 4 more"));
  EXPECT_EQ(said[1], "diff 201..202 known 3");
  EXPECT_EQ(said[2], "resolved 201..202 shop.orders[51], shop.orders[52], shop.orders[57]");
  EXPECT_EQ(said[3], "diff 202..203 known 4");
  EXPECT_EQ(said[4],
            "resolved 202..203 shop.orders[53], shop.orders[54], shop.orders[55], shop.orders[56]");
  const auto ended = dcp().Await([&](const Alarm& alarm) {
    return alarm["type"] == "resolved" && alarm["resolves"] == Alarm::array({(*diff)["id"]});
  });
  ASSERT_OK(ended);
  EXPECT_EQ((*ended)["from"], 202);
}

TEST_F(DifferencesTest, FindingTouchedAgainIsKnownAndNoRow) {
  Start();
  OnReplica("UPDATE shop.orders SET v = 'wrong' WHERE id = 2");
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'still wrong' WHERE id = 2");
  Judge();
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'b' WHERE id = 2");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.orders[2]", "diff 201..202 known 1",
                                  "same 202..203", "diff 203..204 known 1",
                                  "resolved 203..204 shop.orders[2]"));
}

TEST_F(DifferencesTest, MendedRowThatDiffersAgainIsANewFinding) {
  Start();
  OnReplica("DELETE FROM shop.orders WHERE id = 2");
  Judge();
  OnReplica("INSERT INTO shop.orders VALUES (2, 'b', 2)");
  Judge();
  OnReplica("DELETE FROM shop.orders WHERE id = 2");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.orders[2]", "diff 201..202 known 1",
                                  "resolved 201..202 shop.orders[2]",
                                  "diff 202..203 extra shop.orders[2]"));
}

TEST_F(DifferencesTest, RowsOfOneSegmentAreCounted) {
  Start({.background = false});
  OnSource("INSERT INTO shop.orders VALUES (61, 'x', 1), (62, 'x', 1)");
  Skipped("UPDATE shop.orders SET n = 0 WHERE id IN (1, 2, 3)");
  Judge();
  const auto diff = dcp().Await(OfType("diff"));
  ASSERT_OK(diff);
  EXPECT_EQ((*diff)["rows"], (Alarm{{"source", 5}, {"target", 2}}));
  EXPECT_EQ((*diff)["diff_count"], 3);
  EXPECT_EQ((*diff)["late"], false);
}

TEST_F(DifferencesTest, TheBlameIsTheRowsAloneUnderOneLargeTransaction) {
  Start();
  OnSource(
      "BEGIN; UPDATE shop.orders SET n = n + 10; INSERT INTO shop.orders VALUES (70, 'z', 0); "
      "DELETE FROM shop.orders WHERE id = 6; COMMIT");
  OnReplica("UPDATE shop.orders SET v = 'q' WHERE id IN (1, 70)");
  OnReplica("INSERT INTO shop.orders VALUES (6, 'f', 6)");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 mismatch shop.orders[1], mismatch "
                                  "shop.orders[70], stale shop.orders[6]"));
}

// ---- keys ----

TEST_F(DifferencesTest, KeyChangedOnTheTargetAloneIsTwoRows) {
  Start();
  const Committed own = OnReplica("UPDATE shop.orders SET id = 50 WHERE id = 5");
  Judge();
  OnReplica("UPDATE shop.orders SET id = 5 WHERE id = 50");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.orders[50], extra shop.orders[5]",
                                  "diff 201..202 known 2",
                                  "resolved 201..202 shop.orders[50], "
                                  "shop.orders[5]"));
  EXPECT_TRUE(IsChange(Difference("[5]")["target"], "DELETE", own, R"([5,"e",5])"));
  EXPECT_TRUE(IsChange(Difference("[50]")["target"], "INSERT", own, R"([50,"e",5])"));
}

TEST_F(DifferencesTest, KeyChangeSkippedOnTheTargetIsTwoRows) {
  Start();
  const Committed skipped = Skipped("UPDATE shop.orders SET id = 50 WHERE id = 5");
  Judge();
  OnReplica("UPDATE shop.orders SET id = 50 WHERE id = 5");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 missing shop.orders[50], missing shop.orders[5]",
                                  "diff 201..202 known 2",
                                  "resolved 201..202 shop.orders[50], "
                                  "shop.orders[5]"));
  EXPECT_TRUE(IsChange(Difference("[5]")["source"], "DELETE", skipped, R"([5,"e",5])"));
  EXPECT_TRUE(IsChange(Difference("[50]")["source"], "INSERT", skipped, R"([50,"e",5])"));
}

TEST_F(DifferencesTest, CompositeKeyIsToldWhole) {
  ASSERT_OK(
      source().Execute("CREATE TABLE shop.parts (region VARCHAR(10), v INT, id INT, PRIMARY KEY "
                       "(id, region)); INSERT INTO shop.parts VALUES ('eu', 1, 42), "
                       "('us', 1, 42), ('eu', 1, 43)"));
  Start();
  const Committed skipped = Skipped("UPDATE shop.parts SET v = 2 WHERE id = 42 AND region = 'eu'");
  OnSource("UPDATE shop.parts SET v = 3 WHERE id = 42 AND region = 'us'");
  Judge();
  OnReplica("UPDATE shop.parts SET v = 2 WHERE id = 42 AND region = 'eu'");
  EXPECT_THAT(Said(),
              ElementsAre(R"(diff 200..201 missing shop.parts[42,"eu"])", "diff 201..202 known 1",
                          R"(resolved 201..202 shop.parts[42,"eu"])"));
  const Alarm diff = Difference(R"([42,"eu"])");
  EXPECT_TRUE(IsChange(diff["source"], "UPDATE", skipped, R"(["eu",2,42])"));
  EXPECT_EQ(diff["columns"], Alarm::array({"v"}));
}

TEST_F(DifferencesTest, RowsOfATableWithoutAKeyAreCounted) {
  ASSERT_OK(source().Execute("CREATE TABLE shop.log (at INT, what VARCHAR(10))"));
  Start();
  OnSource("INSERT INTO shop.log VALUES (1, 'x')");
  Skipped("INSERT INTO shop.log VALUES (1, 'x')");
  const Committed skipped = Skipped("INSERT INTO shop.log VALUES (2, 'y')");
  const Committed own = OnReplica("INSERT INTO shop.log VALUES (3, 'z')");
  Judge();
  OnReplica("INSERT INTO shop.log VALUES (1, 'x'), (2, 'y')");
  OnReplica("DELETE FROM shop.log WHERE at = 3");
  EXPECT_THAT(Said(), ElementsAre(R"(diff 200..201 extra shop.log[3,"z"], missing )"
                                  R"(shop.log[2,"y"], stale shop.log[1,"x"])",
                                  "diff 201..202 known 3",
                                  R"(resolved 201..202 shop.log[1,"x"], shop.log[2,"y"], )"
                                  R"(shop.log[3,"z"])"));
  EXPECT_TRUE(IsChange(Difference(R"([2,"y"])")["source"], "INSERT", skipped, R"([2,"y"])"));
  EXPECT_TRUE(IsChange(Difference(R"([3,"z"])")["target"], "INSERT", own, R"([3,"z"])"));
}

// ---- aligned by barriers, with the default lateness ----

TEST_F(DifferencesTest, BarrierAlignmentFindsEachKind) {
  Start({.check = "align = \"barrier\"\n", .lateness = 1});
  Barrier();  // beyond the first segments, in which the target's states are believed
  OnSource("UPDATE shop.orders SET v = 'x' WHERE id = 5");
  Barrier();
  const Committed skipped = Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Skipped("UPDATE shop.orders SET v = 'y' WHERE id = 5");
  const Committed own = OnReplica("INSERT INTO shop.orders VALUES (77, 'own', 0)");
  OnReplica("UPDATE shop.orders SET n = -1 WHERE id = 6");
  ASSERT_OK(replica().Execute("UPDATE shop.orders SET n = 3 WHERE id = 3"));  // logs nothing
  Barrier();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202",
                                  "diff 202..203 extra shop.orders[6], extra shop.orders[77], "
                                  "missing shop.orders[42], stale shop.orders[5]"));
  EXPECT_TRUE(IsChange(Difference("[42]")["source"], "INSERT", skipped, R"([42,"x",7])"));
  EXPECT_TRUE(IsChange(Difference("[77]")["target"], "INSERT", own, R"([77,"own",0])"));
}

TEST_F(DifferencesTest, BarrierAlignmentResolves) {
  Start({.check = "align = \"barrier\"\n", .lateness = 1});
  Barrier();
  OnReplica("UPDATE shop.orders SET v = 'wrong' WHERE id = 2");
  Barrier();
  Barrier();
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'b' WHERE id = 2");
  Barrier();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "diff 201..202 extra shop.orders[2]",
                                  "same 202..203", "same 203..204", "diff 204..205 known 1",
                                  "resolved 204..205 shop.orders[2]"));
}

// ---- compare = "ordered" ----

// Two tables of one server under one logical name: the order of writes is the test's.
class OrderedTest : public CheckedPair {
 protected:
  void SetUp() override {
    CheckedPair::SetUp();
    ASSERT_OK(
        source().Execute("CREATE TABLE shop.a (id INT PRIMARY KEY, v VARCHAR(20)); "
                         "CREATE TABLE shop.b LIKE shop.a"));
    Settings settings;
    settings.check = "compare = \"ordered\"\n";
    settings.collectors = absl::StrCat(
        "[[collector]]\ntype = \"mysql\"\nname = \"source\"\nserver_id = 4201\n",
        ConnectionToml(source()),
        "tags = [{ tag = \"src\", tables = [{ match = \"shop.a\", as = \"shop.x\" }] }, "
        "{ tag = \"dst\", tables = [{ match = \"shop.b\", as = \"shop.x\" }] }]\n");
    Start(settings);
  }

  // The row takes these values one after the other.
  Committed Write(const std::string& table, int id, const std::vector<std::string>& values) {
    Committed last;
    for (const std::string& value : values) {
      last = OnSource(absl::StrCat("INSERT INTO shop.", table, " VALUES (", id, ", '", value,
                                   "') ON DUPLICATE KEY UPDATE v = VALUES(v)"));
    }
    return last;
  }
};

TEST_F(OrderedTest, SameSequenceIsSame) {
  Write("a", 1, {"p", "q", "p", "q"});
  Write("b", 1, {"p", "q", "p", "q"});
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

TEST_F(OrderedTest, OtherOrderWithTheSameEndIsReordered) {
  const Committed a = Write("a", 1, {"p", "q", "r", "s"});
  const Committed b = Write("b", 1, {"p", "r", "q", "s"});
  EXPECT_THAT(Said(),
              ElementsAre("diff 200..201 reordered shop.x[1]", "resolved 200..201 shop.x[1]"));
  const Alarm diff = Difference("[1]");
  EXPECT_TRUE(IsChange(diff["source"], "UPDATE", a, R"([1,"s"])"));
  EXPECT_TRUE(IsChange(diff["target"], "UPDATE", b, R"([1,"s"])"));
}

TEST_F(OrderedTest, EachKindIsFoundAndResolvedByTheNextEqualSequence) {
  Write("a", 1, {"p"});       // missing
  Write("b", 2, {"p"});       // extra
  Write("a", 3, {"p", "q"});  // stale
  Write("b", 3, {"p"});
  Write("a", 4, {"p"});  // mismatch
  Write("b", 4, {"w"});
  Write("a", 5, {"p", "q"});  // healed
  Write("b", 5, {"p", "w", "q"});
  Judge();
  for (const int id : {1, 2, 3, 4}) {  // INSERT beside UPDATE for 1 and 2: not the same
    Write("a", id, {"z"});
    Write("b", id, {"z"});
  }
  Judge();
  for (const int id : {1, 2}) {
    Write("a", id, {"y"});
    Write("b", id, {"y"});
  }
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.x[2], healed shop.x[5], mismatch "
                                  "shop.x[4], missing shop.x[1], stale shop.x[3]",
                                  "resolved 200..201 shop.x[5]", "diff 201..202 known 4",
                                  "resolved 201..202 shop.x[3], shop.x[4]", "diff 202..203 known 2",
                                  "resolved 202..203 shop.x[1], shop.x[2]"));
}

}  // namespace
}  // namespace dcp::test
