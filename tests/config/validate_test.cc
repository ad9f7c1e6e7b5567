// What sections say together.
#include "tests/config/config_fixture.h"

namespace dcp::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ValidateTest : public ConfigTest {
 protected:
  // Another check of the two MySQL tags.
  static std::string Check(const std::string& name, const std::string& target,
                           const std::string& lines = "") {
    return absl::StrCat("[[check]]\nname = '", name, "'\nsource = 'src'\ntargets = ['", target,
                        "']\n", lines, "\n");
  }
};

TEST_F(ValidateTest, RunNeedsACheckOrAJob) {
  EXPECT_THAT(Errors(""), ElementsAre("dcp.toml: there is nothing to do: `dcp run` needs at least "
                                      "one [[check]] or [[job]]"));
  EXPECT_TRUE(Run(kJob).ok());
  EXPECT_TRUE(Run(kSource, kTarget, kCheck).ok());
}

TEST_F(ValidateTest, VerifyNeedsAJobAndNoCheck) {
  EXPECT_TRUE(ParseFor(Purpose::kVerify, kJob).ok());
  EXPECT_THAT(Lines(ParseFor(Purpose::kVerify, absl::StrCat(kSource, kTarget, kCheck)).errors()),
              ElementsAre(HasSubstr("`dcp verify` needs a [[job]]")));
}

TEST_F(ValidateTest, DaemonsInTurnNeedABarrierThatIsNotTooFast) {
  const std::string barrier = "[barrier]\nhost = 'db1'\nuser = 'dcp'\n";
  const std::string ha = "[ha]\nname = 'a'\n";
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, ha),
              ElementsAre(HasSubstr("[ha] needs a [[barrier]]")));
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, barrier, "interval = '499ms'\n", ha),
              ElementsAre(HasSubstr("at least 500ms")));
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, barrier, "[ha]\n"), ElementsAre(HasSubstr("name")));
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, barrier, "[ha]\nname = 'zwölf'\n"),
              ElementsAre(HasSubstr("ASCII")));
  const Loaded loaded = Run(kSource, kTarget, kCheck, barrier, "interval = '500ms'\n", ha);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.ha->name, "a");
  EXPECT_FALSE(Run(kSource, kTarget, kCheck, ha, "enabled = false\n")->config.ha.has_value());
}

TEST_F(ValidateTest, TagThatNothingFeedsIsAnError) {
  EXPECT_THAT(Errors(kSource, kTarget, Check("c", "dts")),
              ElementsAre(AllOf(HasSubstr("dcp.toml:20:12: no [[collector]] feeds tag 'dts'"),
                                EndsWith("did you mean 'dst'?"))));
}

TEST_F(ValidateTest, BrokenCollectorHidesNoOtherError) {
  EXPECT_THAT(Errors(kSource, "foo = 1\n", Check("c", "dst", "history = 0")),
              ElementsAre(HasSubstr("unknown key 'foo'"), HasSubstr("'history'")));
}

TEST_F(ValidateTest, AServerOfTheOtherSideIsNoFailover) {
  EXPECT_THAT(Errors(kSource, "failover = ['db3', 'db2']\n", kTarget, kCheck),
              ElementsAre(AllOf(HasSubstr("db2:3306"), HasSubstr("compared with itself"))));
  EXPECT_THAT(Errors(kSource, "failover = ['db3']\n", kTarget, "failover = ['db3']\n", kCheck),
              ElementsAre(HasSubstr("db3:3306")));
  EXPECT_TRUE(Run(kSource, "failover = ['db3']\n", kTarget, "failover = ['db4']\n", kCheck).ok());
}

TEST_F(ValidateTest, TagFedTwiceIsAnError) {
  EXPECT_THAT(Errors(kSource, kTarget, kCheck,
                     "[[collector]]\ntype = 'grpc'\nname = 'g'\nlisten = '127.0.0.1:1'\ntags = "
                     "['dst']\n"),
              ElementsAre(HasSubstr("tag 'dst' is fed by collector 'target' already")));
}

// ---- files ----

std::string FileCollector(const std::string& name, const std::string& tag,
                          const std::string& lines = "") {
  return absl::StrCat("[[collector]]\ntype = 'mysql'\nname = '", name, "'\nfiles = ['", name,
                      ".*']\ntags = [{ tag = '", tag, "', tables = ['shop.orders'] }]\n", lines);
}

TEST_F(ValidateTest, FilesNeedNoServer) {
  const auto loaded = Run(FileCollector("a", "src") + FileCollector("b", "dst") + kCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->config.mysql_collectors[0].files, ElementsAre("a.*"));
  EXPECT_FALSE(loaded->config.mysql_collectors[0].has_server);
  EXPECT_FALSE(loaded->config.checks[0].confirm);
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST_F(ValidateTest, FilesMayHaveAServerThatKnowsTheTables) {
  const auto loaded = Run(FileCollector("a", "src", "host = 'db1'\nuser = 'dcp'\n") +
                          FileCollector("b", "dst") + kCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->config.mysql_collectors[0].has_server);
  EXPECT_EQ(loaded->config.mysql_collectors[0].connection.host, "db1");
}

TEST_F(ValidateTest, AFileHasNoKeysOfAReplica) {
  const std::string other = FileCollector("b", "dst") + kCheck;
  EXPECT_THAT(Errors((FileCollector("a", "src", "server_id = 7\n") + other).c_str()),
              ElementsAre(HasSubstr("server_id is of a replica")));
  EXPECT_THAT(Errors((FileCollector("a", "src", "start = 'now'\n") + other).c_str()),
              ElementsAre(HasSubstr("with 'files', start is")));
  EXPECT_THAT(Errors((FileCollector("a", "src", "user = 'dcp'\n") + other).c_str()),
              ElementsAre(HasSubstr("'user' has no meaning without 'host'")));
  EXPECT_TRUE(Run(FileCollector("a", "src", "start = 'file:a.000001:157'\n") + other).ok());
}

TEST_F(ValidateTest, FilesAreComparedWithFilesOnly) {
  const std::string mixed = FileCollector("a", "src");
  EXPECT_THAT(Errors(mixed.c_str(), kTarget, kCheck),
              ElementsAre(HasSubstr("tag 'src' is read from files and tag 'dst' is not")));
  EXPECT_THAT(Errors(mixed.c_str(), kPushed, kPushedCheck),
              ElementsAre(HasSubstr("tag 'src' is read from files and tag 'cache' is not")));
}

TEST_F(ValidateTest, ConfirmDoesNothingForFiles) {
  const std::string files = FileCollector("a", "src") + FileCollector("b", "dst");
  EXPECT_THAT(Warnings(files.c_str(), kCheck, "confirm = true\n"),
              ElementsAre(HasSubstr("confirm reads the rows of now")));
}

std::string Barrier(const std::string& host, uint32_t id) {
  return absl::StrCat("[[barrier]]\nuser = 'dcp'\nhost = '", host, "'\nid = ", id, "\n");
}

TEST_F(ValidateTest, CheckFollowsTheBarrierOfItsSource) {
  const auto loaded = Run(kSource, kTarget, kCheck, Barrier("db1", 7), Barrier("db9", 8));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->config.checks[0].barrier_id, 7U);
  for (const auto& collector : loaded->config.mysql_collectors) {
    EXPECT_EQ(collector.tags[0].barrier_id, 7U) << collector.name;
  }
}

TEST_F(ValidateTest, TheOnlyBarrierIsForAllChecks) {
  const auto loaded = Run(kSource, kTarget, kCheck, Barrier("db9", 8));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->config.checks[0].barrier_id, 8U);
}

TEST_F(ValidateTest, WhereSeveralBarriersCouldBeMeantTheCheckSaysWhich) {
  const std::string barriers = Barrier("db8", 7) + Barrier("db9", 8);
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, barriers),
              ElementsAre(HasSubstr("say barrier_id = 7 or 8")));
  const auto loaded = Run(kSource, kTarget, Check("c", "dst", "barrier_id = 9"), barriers);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->config.checks[0].barrier_id, 9U);
}

TEST_F(ValidateTest, ARowHasOneWriter) {
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, Barrier("db1", 7), Barrier("db1", 7)),
              ElementsAre(HasSubstr("another [[barrier]] writes row 7")));
}

TEST_F(ValidateTest, ATagIsCutByOneRow) {
  EXPECT_THAT(Errors(kSource, kTarget, Check("a", "dst", "barrier_id = 1"),
                     Check("b", "dst", "barrier_id = 2")),
              ElementsAre(HasSubstr("tag 'dst' is cut by row 2 of drc.barrier here and by row 1 in "
                                    "check 'a'"),
                          HasSubstr("tag 'src' is cut by row 2")));
}

TEST_F(ValidateTest, UnusedTagIsAWarning) {
  EXPECT_THAT(Warnings(kSource, kTarget, kPushed, kCheck),
              ElementsAre(HasSubstr("no [[check]] uses tag 'cache'")));
}

TEST_F(ValidateTest, SourceIsNoTarget) {
  EXPECT_THAT(Errors(kSource, Check("c", "src")),
              ElementsAre(HasSubstr("is the check's source and cannot be one of its targets")));
}

TEST_F(ValidateTest, TargetTwiceIsAnError) {
  EXPECT_THAT(Errors(kSource, kTarget, Check("c", "dst', 'dst")),
              ElementsAre(HasSubstr("target 'dst' is named twice")));
}

TEST_F(ValidateTest, NamesAreUnique) {
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, Check("orders", "dst")),
              ElementsAre(HasSubstr("there is another [[check]] named 'orders'")));
  EXPECT_THAT(Errors(kJob, kJob),
              ElementsAre(HasSubstr("another [[check]] or [[job]] named 'full'")));
  EXPECT_THAT(Errors(kSource, kPushed, kPushedCheck,
                     "[[collector]]\ntype = 'grpc'\nname = 'source'\nlisten = "
                     "'127.0.0.1:1'\ntags = ['x']\n"),
              ElementsAre(HasSubstr("another [[collector]] named 'source'")));
}

TEST_F(ValidateTest, SameServerIdOnOneServerIsAnError) {
  const std::string other =
      "[[collector]]\ntype = 'mysql'\nname = 'again'\nhost = 'db1'\nuser = 'u'\nserver_id = 1\n"
      "tags = [{ tag = 'dst', tables = ['a.b'] }]\n";
  EXPECT_THAT(Errors(kSource, other, kCheck),
              ElementsAre(HasSubstr("collector 'source' reads the same server with the same "
                                    "server_id")));
}

TEST_F(ValidateTest, TwoListenersOnOnePortAreAnError) {
  EXPECT_THAT(Errors(kSource, kPushed, kPushedCheck,
                     "[[collector]]\ntype = 'grpc'\nname = 'g'\nlisten = '127.0.0.1:9090'\ntags = "
                     "['x']\n"),
              ElementsAre(HasSubstr("another section listens on 127.0.0.1:9090")));
}

TEST_F(ValidateTest, GravityKeysNeedOneTable) {
  const auto with = [](const char* tables) {
    return absl::StrCat("[[collector]]\ntype = 'mysql'\nname = 'g'\nhost = 'h'\nuser = 'u'\n",
                        "server_id = 9\ntags = [{ tag = 'g', tables = ", tables,
                        ", key_format = 'gravity' }]\n", kJob);
  };
  EXPECT_TRUE(Run(with("['a.b']")).ok());
  EXPECT_THAT(Errors("", with("['a.b', 'a.c']")), ElementsAre(HasSubstr("exactly one table")));
  EXPECT_THAT(Errors("", with("['a.*']")), ElementsAre(HasSubstr("no pattern")));
}

TEST_F(ValidateTest, KeyFormatsOfACheckAgree) {
  const std::string gravity =
      "[[collector]]\ntype = 'mysql'\nname = 'g'\nhost = 'h'\nuser = 'u'\nserver_id = 9\n"
      "tags = [{ tag = 'g', tables = ['a.b'], key_format = 'gravity' }]\n";
  EXPECT_THAT(Errors(kSource, gravity, Check("c", "g")),
              ElementsAre(HasSubstr("tags 'src' and 'g' differ in key_format")));
}

TEST_F(ValidateTest, OrderedHasNoLateness) {
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, "compare = 'ordered'\nlateness = 1\n"),
              ElementsAre(HasSubstr("lateness must be 0")));
  const Loaded loaded = Run(kSource, kTarget, kCheck, "compare = 'ordered'\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.checks.at(0).lateness, 0u);
}

TEST_F(ValidateTest, GtidAlignmentHasNoLateness) {
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, "align = 'gtid'\nlateness = 1\n"),
              ElementsAre(HasSubstr("lateness must be 0")));
  const Loaded loaded = Run(kSource, kTarget, kCheck, "align = 'gtid'\nlateness = 0\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.checks.at(0).lateness, 0u);
}

TEST_F(ValidateTest, GtidAlignmentNeedsMysqlTags) {
  EXPECT_THAT(Errors(kSource, kPushed, kPushedCheck, "align = 'gtid'\n"),
              ElementsAre(HasSubstr("tag 'cache' is pushed")));
}

TEST_F(ValidateTest, AlignIsBarrierWherePushedTagsLeaveNoChoice) {
  const Loaded loaded = Run(kSource, kTarget, kPushed, kPushedCheck, kCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.checks.at(0).align, Align::kBarrier);
  EXPECT_EQ(loaded->config.checks.at(1).align, Align::kAuto);
}

TEST_F(ValidateTest, OriginNeedsMysqlTargets) {
  EXPECT_THAT(Errors(kSource, kPushed, kPushedCheck, "origin = 'source'\n"),
              ElementsAre(HasSubstr("origin = \"source\" needs targets")));
}

TEST_F(ValidateTest, ConfirmWithAPushedTagIsAWarning) {
  EXPECT_THAT(Warnings(kSource, kPushed, kPushedCheck, "confirm = true\n"),
              ElementsAre(HasSubstr("it does nothing for tag 'cache'")));
  EXPECT_THAT(Warnings(kSource, kPushed, kPushedCheck), IsEmpty());
}

TEST_F(ValidateTest, DigestIsXxh3BetweenMysqlTags) {
  const Loaded loaded = Run(kSource, kTarget, kCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.mysql_collectors.at(0).tags.at(0).digest, Digest::kXxh3);
}

TEST_F(ValidateTest, PushedTagMakesItsWholeGroupMd5) {
  const Loaded loaded = Run(kSource, kTarget, kPushed, kCheck, kPushedCheck);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (const CheckOptions& check : loaded->config.checks) EXPECT_EQ(check.digest, Digest::kMd5);
  for (const MysqlCollectorOptions& collector : loaded->config.mysql_collectors) {
    EXPECT_EQ(collector.tags.at(0).digest, Digest::kMd5) << collector.name;
  }
}

TEST_F(ValidateTest, GroupsReachOverSeveralChecks) {
  // src-dst, dst-far, far-cache: the first is connected to the pushed tag over two others.
  const std::string far =
      "[[collector]]\ntype = 'mysql'\nname = 'far'\nhost = 'db3'\nuser = 'u'\nserver_id = 3\n"
      "tags = [{ tag = 'far', tables = ['a.b'] }]\n"
      "[[check]]\nname = 'b'\nsource = 'far'\ntargets = ['cache']\n"
      "[[check]]\nname = 'c'\nsource = 'dst'\ntargets = ['far']\n";
  const Loaded loaded = Run(kSource, kTarget, kPushed, kCheck, far);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.checks.at(0).digest, Digest::kMd5);
}

TEST_F(ValidateTest, SeparateGroupsKeepTheirOwnDigest) {
  const std::string apart =
      "[[collector]]\ntype = 'mysql'\nname = 'far'\nhost = 'db3'\nuser = 'u'\nserver_id = 3\n"
      "tags = [{ tag = 'far', tables = ['a.b'] }]\n"
      "[[check]]\nname = 'b'\nsource = 'far'\ntargets = ['cache']\n";
  const Loaded loaded = Run(kSource, kTarget, kPushed, kCheck, apart);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.checks.at(0).digest, Digest::kXxh3);
  EXPECT_EQ(loaded->config.checks.at(1).digest, Digest::kMd5);
}

TEST_F(ValidateTest, Xxh3WithAPushedTagIsAnError) {
  EXPECT_THAT(Errors(kSource, kPushed, kPushedCheck, "digest = 'xxh3'\n"),
              ElementsAre(HasSubstr("digest = \"xxh3\" does not fit tag 'cache'")));
}

TEST_F(ValidateTest, SharedTagsNeedOneDigest) {
  EXPECT_THAT(Errors(kSource, kTarget, kPushed, kPushedCheck, kCheck, "digest = 'xxh3'\n"),
              ElementsAre(AllOf(HasSubstr("check 'orders' asks for digest = \"xxh3\""),
                                HasSubstr("check 'pushes', which needs md5 because its tag "
                                          "'cache' is pushed"),
                                HasSubstr("tags of its own"))));
  EXPECT_THAT(Errors(kSource, kTarget, kCheck, "digest = 'md5'\n",
                     Check("other", "dst", "digest = 'xxh3'")),
              ElementsAre(HasSubstr("because it says digest = \"md5\"")));
}

TEST_F(ValidateTest, ExplicitMd5IsTheGroups) {
  const Loaded loaded =
      Run(kSource, kTarget, kCheck, "digest = 'md5'\n", Check("other", "dst", "capture = 'key'"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.checks.at(1).digest, Digest::kMd5);
}

TEST_F(ValidateTest, TagCapturesRowsIfOneOfItsChecksDoes) {
  const Loaded keys = Run(kSource, kTarget, kCheck, "capture = 'key'\n");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->config.mysql_collectors.at(0).tags.at(0).capture, Capture::kKey);
  const Loaded both = Run(kSource, kTarget, kCheck, "capture = 'key'\n", Check("b", "dst"));
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->config.mysql_collectors.at(0).tags.at(0).capture, Capture::kRow);
}

TEST_F(ValidateTest, OneFileTakesOneAlarmSection) {
  const char* file = "[[alarm]]\ntype = 'file'\npath = 'a'\n";
  EXPECT_THAT(Errors(kJob, file, file), ElementsAre(HasSubstr("another [[alarm]] writes to 'a'")));
}

TEST_F(ValidateTest, JobComparesTwoThings) {
  EXPECT_THAT(Errors("[[job]]\nname = 'j'\nsource = { host = 'a', user = 'u' }\ntarget = { host = "
                     "'a', user = 'u' }\ntables = ['a.*']\n"),
              ElementsAre(HasSubstr("would be compared with itself")));
  EXPECT_TRUE(Run("[[job]]\nname = 'j'\nsource = { host = 'a', user = 'u' }\ntarget = { host = "
                  "'a', user = 'u' }\ntables = [{ match = 'a.b', as = 'a.c' }]\n")
                  .ok());
}

TEST_F(ValidateTest, JobWithoutScheduleIsAWarningForRunOnly) {
  EXPECT_THAT(Warnings(kJob), ElementsAre(HasSubstr("`dcp verify --job full` does")));
  EXPECT_THAT(ParseFor(Purpose::kVerify, kJob)->warnings, IsEmpty());
}

}  // namespace
}  // namespace dcp::config
