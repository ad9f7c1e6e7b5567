#include "server/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/server/example_status.h"
#include "tests/support/simulated_clock.h"

namespace dcp::server {
namespace {

using ::testing::HasSubstr;

class EndpointsTest : public ::testing::Test, public model::StatusSource {
 protected:
  model::DaemonStatus Status() const override { return status_; }
  HttpResponse Get(const std::string& path, const std::string& token = "",
                   const std::string& authorization = "") {
    return Endpoints(*this, clock_, token).Answer({"GET", path, authorization});
  }

  test::SimulatedClock clock_{absl::FromUnixSeconds(5)};
  model::DaemonStatus status_ = ExampleStatus();
};

TEST_F(EndpointsTest, IsReadyWhenNothingStandsInTheWay) {
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/readyz").status, 200);
  status_.readers[0].connected = false;
  status_.readers[0].last_error = "refused";
  status_.state.write_error = "no room";
  const HttpResponse response = Get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("collector source is not connected: refused\n"));
  EXPECT_THAT(response.body, HasSubstr("the state cannot be written: no room\n"));
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(EndpointsTest, StatusIsJson) {
  status_.readers[0].last_error = "bytes that are no text: \xff";
  const HttpResponse response = Get("/status");
  EXPECT_EQ(response.content_type, "application/json");
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["checks"][0]["verified_barrier"], 41);
  EXPECT_EQ(json["checks"][0]["last_verdict"], "1970-01-01T00:00:02.500Z");
  EXPECT_EQ(json["checks"][0]["last_verdict_age_seconds"], 2.5);
  EXPECT_EQ(json["memory"][0]["spilled_segments"], 3);
  EXPECT_EQ(json["collectors"][0]["type"], "mysql");
  EXPECT_EQ(json["collectors"][1]["type"], "grpc");
  EXPECT_TRUE(json["collectors"][0]["last_commit"].is_null());
}

TEST_F(EndpointsTest, StatusHasJobsAndTheTablesThatTheyProved) {
  const auto json = nlohmann::json::parse(Get("/status").body);
  const auto& job = json["jobs"][0];
  EXPECT_EQ(job["job"], "nightly");
  EXPECT_EQ(job["progress"]["rows"], 500);
  EXPECT_TRUE(job["next_start"].is_null());
  EXPECT_EQ(job["runs"][0]["result"], "running");
  EXPECT_TRUE(job["runs"][0]["ended"].is_null());
  EXPECT_EQ(job["runs"][1]["different"], 11);
  EXPECT_EQ(json["tables"][0]["table_verified_offset"], 40);
  EXPECT_EQ(json["tables"][0]["table_verified_age_seconds"], 3.0);
}

TEST_F(EndpointsTest, ATokenIsAskedForWhereSomethingIsTold) {
  for (const char* path : {"/metrics", "/status"}) {
    EXPECT_EQ(Get(path).status, 200);
    for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "secret",
                              "bearer secret", "Basic secret"}) {
      const HttpResponse refused = Get(path, "secret", wrong);
      EXPECT_EQ(refused.status, 401) << wrong;
      EXPECT_EQ(refused.authenticate, "Bearer");
    }
    EXPECT_EQ(Get(path, "secret", "Bearer secret").status, 200);
  }
  EXPECT_EQ(Get("/healthz", "secret").status, 200);
}

TEST_F(EndpointsTest, OtherPathsAndMethodsAreRefused) {
  for (const char* path : {"", "/", "/metrics/", "/etc/passwd", "//status", "/status/../metrics"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  const HttpResponse response = Endpoints(*this, clock_, "").Answer({"POST", "/status", ""});
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.allow, "GET, HEAD");
}

}  // namespace
}  // namespace dcp::server
