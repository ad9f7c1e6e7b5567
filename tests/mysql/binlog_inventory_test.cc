#include "mysql/binlog_inventory.h"

#include <gtest/gtest.h>

namespace dcp::mysql {
namespace {

TEST(KeptForTest, EachServerSaysItItsWay) {
  EXPECT_EQ(KeptFor({{"binlog_expire_logs_seconds", "2592000"}, {"expire_logs_days", "0"}}),
            absl::Hours(720));
  EXPECT_EQ(KeptFor({{"expire_logs_days", "7"}}), absl::Hours(168));
  EXPECT_EQ(KeptFor({{"expire_logs_days", "0.500000"}}), absl::Hours(12));
  EXPECT_EQ(KeptFor({{"expire_logs_days", "0.000000"}, {"binlog_expire_logs_seconds", "0"}}),
            absl::InfiniteDuration());
  EXPECT_EQ(
      KeptFor({{"binlog_expire_logs_seconds", "60"}, {"binlog_expire_logs_auto_purge", "OFF"}}),
      absl::InfiniteDuration());
  EXPECT_EQ(KeptFor({}), absl::InfiniteDuration());
}

}  // namespace
}  // namespace dcp::mysql
