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

Alignment Choose(const ServerSettings& source, const ServerSettings& target,
                 Align asked = Align::kAuto) {
  return ChooseAlignment(asked, {"src", &source, false}, {"dst", &target, false});
}

class AlignmentTest : public ::testing::Test {
 protected:
  AlignmentTest() { target_.channels = {{"", kA, "127.0.0.1", 3306}}; }

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
  target_.channels.push_back({"second", kC, "127.0.0.1", 3307});
  EXPECT_THAT(CheckBarrierAlignment(target_),
              ElementsAre(Field(&mysql::SettingProblem::message, HasSubstr("'second'"))));
}

}  // namespace
}  // namespace dcp::cmd
