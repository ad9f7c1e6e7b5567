#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/example_status.h"

namespace dcp::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, EachThingHasASample) {
  const std::string text = MetricsText(ExampleStatus());
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

TEST(MetricsTest, WhatCannotBeStoredShows) {
  model::DaemonStatus status = ExampleStatus();
  status.state.write_error = "no room";
  EXPECT_THAT(MetricsText(status), HasSubstr("\ndcp_state_writable 0\n"));
}

TEST(MetricsTest, NothingOfAKindIsNoFamily) {
  EXPECT_THAT(MetricsText({}), Not(HasSubstr("dcp_check")));
}

}  // namespace
}  // namespace dcp::server
