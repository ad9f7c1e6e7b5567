#include "cmd/dcp/alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dcp::cmd {
namespace {

using config::Align;
using mysql::ServerSettings;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kA[] = "aaaaaaaa-0000-0000-0000-000000000001";
constexpr char kB[] = "bbbbbbbb-0000-0000-0000-000000000002";
constexpr char kC[] = "cccccccc-0000-0000-0000-000000000003";

ServerSettings Server(const std::string& uuid, const std::string& executed = "") {
  ServerSettings settings;
  settings.server_uuid = uuid;
  settings.version = "9.0.0";
  settings.gtid_mode = "ON";
  settings.gtid_executed = executed;
  settings.parallel_type = "LOGICAL_CLOCK";
  return settings;
}

mysql::ReplicaChannel Channel(const std::string& name, const std::string& source_uuid) {
  mysql::ReplicaChannel channel;
  channel.name = name;
  channel.source_uuid = source_uuid;
  return channel;
}

Alignment Choose(const ServerSettings& source, const ServerSettings& target,
                 Align asked = Align::kAuto) {
  return ChooseAlignment(asked, {"src", &source, false}, {"dst", &target, false});
}

class AlignmentTest : public ::testing::Test {
 protected:
  AlignmentTest() { target_.channels = {Channel("", kA)}; }

  ServerSettings source_ = Server(kA, std::string(kA) + ":1-10");
  ServerSettings target_ = Server(kB, std::string(kB) + ":1-3");
};

TEST_F(AlignmentTest, AReplicaWithGtidsIsAlignedByThem) {
  EXPECT_EQ(Choose(source_, target_).align, Align::kGtid);
  EXPECT_TRUE(ReplicatesFrom(target_, source_));
  EXPECT_FALSE(ReplicatesFrom(source_, target_));
}

TEST_F(AlignmentTest, AnIndirectReplicaIsKnownByItsTransactions) {
  target_.channels[0].source_uuid = kC;
  target_.gtid_executed = std::string(kA) + ":1-7";
  const Alignment alignment = Choose(source_, target_);
  EXPECT_EQ(alignment.align, Align::kGtid);
  EXPECT_THAT(alignment.reason, HasSubstr("has executed transactions of the source"));
}

TEST_F(AlignmentTest, TheTargetsOwnTransactionsOnTheSourceSayNothing) {
  target_.channels.clear();
  source_.gtid_executed = std::string(kB) + ":1-3";
  EXPECT_EQ(Choose(source_, target_).align, Align::kBarrier);
}

TEST_F(AlignmentTest, BarriersAlignWhatGtidsCannot) {
  const auto reason = [&](const ServerSettings& source, const ServerSettings& target) {
    const Alignment alignment = Choose(source, target);
    EXPECT_EQ(alignment.align, Align::kBarrier);
    return alignment.reason;
  };
  ServerSettings other = source_;
  other.gtid_mode = "OFF";
  EXPECT_EQ(reason(other, target_), "gtid_mode of the source is OFF");
  other = target_;
  other.gtid_mode = "";
  EXPECT_EQ(reason(source_, other), "gtid_mode of the target is not known to the server");
  EXPECT_EQ(reason(source_, source_), "both tags are of one server");
  EXPECT_THAT(reason(source_, Server(kC)), HasSubstr("neither replicates from the source"));
  other = target_;
  other.mariadb = true;
  EXPECT_THAT(reason(source_, other), HasSubstr("the target is MariaDB"));
}

ServerSettings MariaDb(uint32_t server_id, const std::string& state) {
  ServerSettings settings;
  settings.server = "dcp@127.0.0.1:" + std::to_string(server_id);
  settings.version = "10.11.19-MariaDB";
  settings.mariadb = true;
  settings.server_id = server_id;
  settings.gtid_binlog_state = state;
  settings.parallel_type = "OPTIMISTIC";
  return settings;
}

TEST(MariaDbAlignmentTest, AReplicaIsKnownByItsSourcesServerId) {
  const ServerSettings source = MariaDb(1, "0-1-10");
  ServerSettings target = MariaDb(2, "");
  EXPECT_EQ(Choose(source, target).align, Align::kBarrier);
  target.channels.resize(1);
  target.channels[0].source_server_id = 1;
  EXPECT_EQ(Choose(source, target).align, Align::kGtid);
  target.channels[0].source_server_id = 3;
  EXPECT_EQ(Choose(source, target).align, Align::kBarrier);
  target.gtid_slave_pos = "0-1-7";  // through server 3
  EXPECT_EQ(Choose(source, target).align, Align::kGtid);
}

TEST(MariaDbAlignmentTest, TheTargetsOwnTransactionsSayNothing) {
  EXPECT_EQ(Choose(MariaDb(1, "0-1-10,0-2-5"), MariaDb(2, "0-2-5")).align, Align::kBarrier);
}

TEST(MariaDbAlignmentTest, OneServerIdTwiceOrOneServerTwiceIsNoGtidPair) {
  ServerSettings source = MariaDb(1, "0-1-10");
  ServerSettings target = MariaDb(1, "0-1-10");
  EXPECT_THAT(Choose(source, target).reason, HasSubstr("one server"));
  target.server = "dcp@127.0.0.1:99";
  EXPECT_THAT(Choose(source, target).reason, HasSubstr("both servers have server_id 1"));
  source.server_uid = target.server_uid = "X3mh2FpOVECFDENHRx+qZuB/kDY=";
  EXPECT_THAT(Choose(source, target).reason, HasSubstr("one server"));
}

TEST(MariaDbAlignmentTest, DomainsSideBySideHaveNoBound) {
  ServerSettings target = MariaDb(2, "");
  target.gtid_slave_pos = "0-1-7,5-1-3";
  EXPECT_THAT(CheckBarrierAlignment(target), IsEmpty());
  target.parallel_workers = 4;
  EXPECT_THAT(CheckBarrierAlignment(target),
              ElementsAre(Field(&mysql::SettingProblem::setting, "gtid_domain_id")));
  target.gtid_slave_pos = "0-1-7";
  EXPECT_THAT(CheckBarrierAlignment(target), IsEmpty());
}

TEST(OldMysqlAlignmentTest, WorkersByDatabaseHaveNoBound) {
  ServerSettings target = Server(kB);
  target.version = "5.6.24-log";
  target.parallel_type = "DATABASE";
  target.parallel_workers = 2;
  target.channels.resize(1);
  const auto problems = CheckBarrierAlignment(target);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].setting, "slave_parallel_workers");
  EXPECT_THAT(problems[0].cure_sql, HasSubstr("slave_parallel_workers = 0"));
}

TEST(GroupAlignmentTest, SeveralPrimariesHaveNoBound) {
  ServerSettings target = Server(kB);
  target.multi_primary = true;
  EXPECT_THAT(
      CheckBarrierAlignment(target),
      ElementsAre(Field(&mysql::SettingProblem::setting, "group_replication_single_primary_mode")));
}

TEST_F(AlignmentTest, WhatIsAskedForCounts) {
  EXPECT_EQ(Choose(source_, target_, Align::kGtid).align, Align::kGtid);
  EXPECT_EQ(Choose(source_, target_, Align::kBarrier).align, Align::kBarrier);
}

TEST_F(AlignmentTest, PushedTagsAndServersNotReached) {
  const Alignment pushed =
      ChooseAlignment(Align::kAuto, {"src", &source_, false}, {"dst", nullptr, true});
  EXPECT_EQ(pushed.align, Align::kBarrier);
  EXPECT_EQ(pushed.reason, "tag 'dst' is pushed");
  const Alignment unknown =
      ChooseAlignment(Align::kAuto, {"src", nullptr, false}, {"dst", &target_, false});
  EXPECT_EQ(unknown.align, Align::kAuto);
  EXPECT_THAT(unknown.reason, HasSubstr("'src'"));
}

TEST_F(AlignmentTest, AppliersWithoutABoundAreRefused) {
  EXPECT_THAT(CheckBarrierAlignment(target_), IsEmpty());
  target_.parallel_type = "DATABASE";
  target_.parallel_workers = 1;
  EXPECT_THAT(CheckBarrierAlignment(target_), IsEmpty());
  target_.parallel_workers = 4;
  EXPECT_THAT(CheckBarrierAlignment(target_),
              ElementsAre(Field(&mysql::SettingProblem::setting, "replica_parallel_type")));
  target_.parallel_type = "LOGICAL_CLOCK";
  target_.channels.push_back(Channel("second", kC));
  EXPECT_THAT(CheckBarrierAlignment(target_),
              ElementsAre(Field(&mysql::SettingProblem::message, HasSubstr("'second'"))));
}

}  // namespace
}  // namespace dcp::cmd
