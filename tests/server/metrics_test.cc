#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/example_status.h"

namespace dcp::server {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(2000);

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, EachThingHasASample) {
  const std::string text = MetricsText(ExampleStatus(), kNow);
  EXPECT_THAT(text, HasSubstr("# TYPE dcp_check_segments_total counter\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(dcp_check_segments_total{check="orders",target="dst \"2\"",verdict="same"} 40)"));
  EXPECT_THAT(text,
              HasSubstr(R"(dcp_check_verified_barrier{check="orders",target="dst \"2\""} 41)"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_collector_rows_total{collector="source"} 77)"));
  EXPECT_THAT(text, HasSubstr("\ndcp_state_writable 1\n"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_check_spilled_bytes{check="orders"} 400)"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_check_intake_waits_total{check="orders"} 6)"));
  EXPECT_THAT(text,
              HasSubstr(R"(dcp_barrier_age_seconds{barrier="1",server="127.0.0.1:3306"} 1.5)"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_build_info{version="1.2.3"} 1)"));
}

TEST(MetricsTest, JobsTellOfTheLastRunThatEnded) {
  const std::string text = MetricsText(ExampleStatus(), kNow);
  EXPECT_THAT(text, HasSubstr(R"(dcp_job_running{job="nightly"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_job_missed_total{job="nightly"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_job_last_different{job="nightly"} 11)"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_job_runs_total{job="nightly",result="diff"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(dcp_table_verified_age_seconds{check="orders",target="dst",)"
                              R"(table="shop.orders"} 1998)"));
}

TEST(MetricsTest, WhatCannotBeStoredShows) {
  model::DaemonStatus status = ExampleStatus();
  status.state.write_error = "no room";
  EXPECT_THAT(MetricsText(status, kNow), HasSubstr("\ndcp_state_writable 0\n"));
}

TEST(MetricsTest, NothingOfAKindIsNoFamily) {
  EXPECT_THAT(MetricsText({}, kNow), Not(HasSubstr("dcp_check")));
}

}  // namespace
}  // namespace dcp::server
