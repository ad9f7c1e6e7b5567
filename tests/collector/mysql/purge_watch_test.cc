#include "collector/mysql/purge_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace dcp::collector {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using State = PurgeWatch::State;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::string File(int number) { return absl::StrCat("binlog.00000", number); }

class PurgeWatchTest : public ::testing::Test {
 protected:
  // The server has the files from `first` to `last`, of 1,000,000 bytes each.
  void Has(int first, int last) {
    inventory_.files.clear();
    for (int i = first; i <= last; ++i) inventory_.files.push_back({File(i), 1'000'000});
    inventory_.now = kNow;
  }
  PurgeWatch::Report Look() { return watch_.Look(inventory_, place_); }
  // Two looks, the second of which may warn.
  PurgeWatch::Report LookTwice() {
    EXPECT_EQ(Look().warning, "");
    return Look();
  }
  void At(int file, uint64_t offset, absl::Duration age) {
    place_ = {{File(file), offset}, kNow - age};
  }

  mysql::BinlogInventory inventory_{{}, absl::Hours(72), kNow};
  PurgeWatch::Place place_;
  PurgeWatch watch_;
};

TEST_F(PurgeWatchTest, TheNewestFileIsSafeHoweverOldItsLastGroup) {
  Has(1, 3);
  At(3, 500, absl::Hours(1000));
  const auto report = LookTwice();
  EXPECT_EQ(report.state, State::kSafe);
  EXPECT_EQ(report.left, absl::InfiniteDuration());
  EXPECT_EQ(report.files_behind, 0U);
  EXPECT_EQ(report.bytes_behind, 999'500U);
}

TEST_F(PurgeWatchTest, AClosedFileIsSafeWhileMuchOfItsTimeIsLeft) {
  Has(1, 3);
  At(2, 400'000, absl::Hours(53));
  const auto report = LookTwice();
  EXPECT_EQ(report.state, State::kSafe);
  EXPECT_EQ(report.warning, "");
  EXPECT_EQ(report.left, absl::Hours(19));
  EXPECT_EQ(report.files_behind, 1U);
  EXPECT_EQ(report.bytes_behind, 1'600'000U);
  EXPECT_EQ(Describe(report), "binlog: 1 file (1.6 MB) behind, kept 19h more");
}

TEST_F(PurgeWatchTest, NearItsEndItIsSaidOnce) {
  Has(1, 3);
  At(2, 400'000, absl::Hours(54));  // 18 of 72 hours are left
  const auto report = LookTwice();
  EXPECT_EQ(report.state, State::kNear);
  EXPECT_THAT(report.warning, AllOf(HasSubstr("keeps binlogs for 72h and may purge binlog.000002"),
                                    HasSubstr("1 file (1.6 MB) behind) in 18h"),
                                    HasSubstr("raise binlog_expire_logs_seconds")));
  EXPECT_EQ(Look().warning, "");
  At(2, 400'000, absl::Hours(80));
  EXPECT_EQ(Look().warning, "");
}

TEST_F(PurgeWatchTest, AfterItHasCaughtUpTheNextTimeIsSaidAgain) {
  Has(1, 3);
  At(2, 400'000, absl::Hours(100));
  EXPECT_THAT(LookTwice().warning, HasSubstr("at any moment"));
  At(3, 100, absl::ZeroDuration());
  EXPECT_EQ(Look().state, State::kSafe);
  Has(1, 4);
  At(3, 100, absl::Hours(100));
  EXPECT_THAT(LookTwice().warning, HasSubstr("binlog.000003"));
}

TEST_F(PurgeWatchTest, ACollectorThatMovesIsNotWarnedOf) {
  Has(1, 3);
  At(2, 400'000, absl::Hours(100));
  EXPECT_EQ(Look().warning, "");
  At(2, 500'000, absl::Hours(100));
  EXPECT_EQ(Look().warning, "");
}

TEST_F(PurgeWatchTest, WithoutAnAgeTheOldestFileIsSafeUntilSomebodyPurges) {
  inventory_.kept_for = absl::InfiniteDuration();
  Has(1, 4);
  At(2, 4, absl::Hours(10'000));
  EXPECT_EQ(LookTwice().state, State::kSafe);
  Has(2, 4);
  EXPECT_EQ(Look().state, State::kNear);
  EXPECT_THAT(Look().warning, HasSubstr("binlogs are being purged on the server, and the next one "
                                        "is binlog.000002"));
  EXPECT_EQ(Look().warning, "");
}

TEST_F(PurgeWatchTest, APurgedFileIsSaid) {
  Has(1, 4);
  At(2, 4, absl::Hours(1));
  Look();
  Has(3, 4);
  const auto report = LookTwice();
  EXPECT_EQ(report.state, State::kLost);
  EXPECT_THAT(report.warning, AllOf(HasSubstr("has purged binlog.000002"),
                                    HasSubstr("the oldest is binlog.000003")));
  EXPECT_EQ(Describe(report), "binlog: purged, the oldest is binlog.000003");
}

TEST_F(PurgeWatchTest, WhatIsNotKnownIsNotGuessed) {
  EXPECT_EQ(LookTwice().state, State::kUnknown);  // no files
  Has(1, 3);
  EXPECT_EQ(LookTwice().state, State::kUnknown);  // nothing read
  At(7, 4, absl::ZeroDuration());                 // behind RESET BINARY LOGS
  EXPECT_EQ(LookTwice().state, State::kUnknown);
  place_ = {{File(2), 4}};  // no group yet: no time
  EXPECT_EQ(LookTwice().left, absl::InfiniteDuration());
}

}  // namespace
}  // namespace dcp::collector
