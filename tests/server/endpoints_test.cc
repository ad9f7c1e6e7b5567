#include "server/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tests/server/example_status.h"
#include "tests/server/fake_page.h"
#include "tests/support/simulated_clock.h"

namespace dcp::server {
namespace {

using ::testing::HasSubstr;

class EndpointsTest : public ::testing::Test, public model::StatusSource {
 protected:
  model::DaemonStatus Status() const override { return status_; }
  // With a token that may read; empty: with none.
  Endpoints With(const std::string& token) {
    std::vector<model::AccessToken> tokens;
    if (!token.empty()) tokens.push_back({"reader", token, {model::Role::kRead}, {}});
    return Endpoints(*this, clock_, {.access = model::Access(std::move(tokens))});
  }
  HttpResponse Reset(const std::string& query, const std::string& authorization) {
    const model::Access access({{"oncall", "admin-secret", {model::Role::kAdmin}, {}}});
    const auto reset = [this](const std::string& check) {
      reset_ = check;
      return check == "no such" ? absl::NotFoundError("no such check") : absl::OkStatus();
    };
    return Endpoints(*this, clock_, {.access = access, .reset = reset})
        .Answer({"POST", "/reset", authorization, query});
  }
  HttpResponse Get(const std::string& path, const std::string& token = "",
                   const std::string& authorization = "") {
    return With(token).Answer({"GET", path, authorization});
  }

  std::string reset_;
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
  EXPECT_EQ(json["checks"][0]["lag_seconds"], 1.5);
  EXPECT_EQ(json["checks"][0]["rows_per_second"], 12.5);
  EXPECT_EQ(json["checks"][0]["recent"][0]["verdict"], "diff");
  EXPECT_EQ(json["checks"][0]["recent"][0]["number"], 77);
  EXPECT_EQ(json["checks"][0]["pace"][0]["lag_seconds"], 2);
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
    for (const char* wrong :
         {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "secret", "Basic secret"}) {
      const HttpResponse refused = Get(path, "secret", wrong);
      EXPECT_EQ(refused.status, 401) << wrong;
      EXPECT_EQ(refused.authenticate, "Bearer");
    }
    EXPECT_EQ(Get(path, "secret", "Bearer secret").status, 200);
  }
  EXPECT_EQ(Get("/healthz", "secret").status, 200);
}

TEST_F(EndpointsTest, AResetIsForAdmins) {
  EXPECT_EQ(Reset("check=orders", "").status, 401);
  EXPECT_EQ(Reset("check=orders", "Bearer wrong").status, 401);
  EXPECT_EQ(reset_, "");
  for (const char* bad : {"", "check", "check=", "chec=orders", "check=%4", "check=%zz"}) {
    EXPECT_EQ(Reset(bad, "Bearer admin-secret").status, 400) << bad;
  }
  EXPECT_EQ(Reset("a=b&check=my+or%64ers", "Bearer admin-secret").status, 202);
  EXPECT_EQ(reset_, "my orders");
  EXPECT_EQ(Reset("check=no%20such", "Bearer admin-secret").status, 404);
  // Not without a token, wherever it is asked from.
  EXPECT_EQ(With("").Answer({"POST", "/reset", "", "check=orders"}).status, 403);
  EXPECT_EQ(Get("/reset").status, 405);
}

TEST_F(EndpointsTest, OtherPathsAndMethodsAreRefused) {
  for (const char* path : {"", "/", "/metrics/", "/etc/passwd", "//status", "/status/../metrics"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  const HttpResponse response = With("").Answer({"POST", "/status", ""});
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.allow, "GET, HEAD");
}

// ---- the page ----

class PageEndpointsTest : public EndpointsTest {
 protected:
  // With a token of the role; empty: with none.
  HttpResponse Ask(HttpRequest request, const std::string& token = "secret",
                   model::Role role = model::Role::kAdmin, bool any_host = false) {
    std::vector<model::AccessToken> tokens;
    if (!token.empty()) tokens.push_back({"one", token, {role}, {}});
    const Endpoints endpoints(
        *this, clock_,
        {.access = model::Access(std::move(tokens)), .any_host = any_host, .page = &page_});
    HttpResponse response = endpoints.Answer(request);
    return response.later ? response.later() : response;
  }
  HttpResponse Post(const std::string& path, const std::string& body) {
    return Ask({.method = "POST",
                .path = path,
                .authorization = "Bearer secret",
                .content_type = "application/json; charset=utf-8",
                .body = body});
  }

  FakeHistory history_;
  FakeFindings findings_;
  EventFeed feed_{history_, findings_};
  PageEndpoints page_{findings_, feed_};
};

TEST_F(PageEndpointsTest, ThePageIsOpenAndWhatItShowsIsNot) {
  const HttpResponse page = Ask({"GET", "/", ""});
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.content_type, HasSubstr("text/html"));
  EXPECT_THAT(page.security_policy, HasSubstr("default-src 'none'"));
  for (const char* path : {"/findings", "/events"}) {
    EXPECT_EQ(Ask({"GET", path, ""}).status, 401) << path;
    EXPECT_EQ(Ask({"GET", path, "Bearer secret"}).status, 200) << path;
  }
  EXPECT_EQ(Ask({"POST", "/findings/1/ack", ""}).status, 401);
}

TEST_F(PageEndpointsTest, FindingsAndEventsAreTold) {
  findings_.json = "{\"findings\":[]}";
  EXPECT_EQ(Ask({"GET", "/findings", "Bearer secret"}).body, "{\"findings\":[]}\n");
  history_.newest = 3;
  const HttpResponse events = Ask(
      {.method = "GET", .path = "/events", .authorization = "Bearer secret", .last_event_id = "2"});
  EXPECT_EQ(events.content_type, "text/event-stream");
  EXPECT_THAT(events.stream(), HasSubstr("id: 3\n"));
}

TEST_F(PageEndpointsTest, AFindingIsMarked) {
  EXPECT_EQ(Post("/findings/12/ack", R"({"note":"known"})").status, 200);
  EXPECT_EQ(Post("/findings/12/unack", "{}").status, 200);
  EXPECT_EQ(Post("/findings/3/ignore", R"({"for":"12h","note":"n"})").status, 200);
  EXPECT_EQ(Post("/findings/4/ignore", "{}").status, 200);
  EXPECT_THAT(findings_.done, ::testing::ElementsAre("ack 12 known", "unack 12",
                                                     "ignore 3 for 12h n", "ignore 4 for  "));
}

TEST_F(PageEndpointsTest, WhatCannotBeDoneIsSaid) {
  const std::pair<absl::Status, int> cases[] = {{absl::NotFoundError("no finding"), 404},
                                                {absl::FailedPreconditionError("resolved"), 409},
                                                {absl::ResourceExhaustedError("rules"), 409},
                                                {absl::InvalidArgumentError("no time"), 400},
                                                {absl::UnavailableError("disk"), 503}};
  for (const auto& [status, code] : cases) {
    findings_.next = status;
    const HttpResponse answer = Post("/findings/1/ack", "{}");
    EXPECT_EQ(answer.status, code);
    EXPECT_EQ(answer.body, std::string(status.message()) + "\n");
  }
}

TEST_F(PageEndpointsTest, WrongRequestsAreRefused) {
  for (const char* body : {"", "[]", "{", "\xff", R"({"note":1})", R"({"for":"1h"})", R"({"x":""})",
                           "{\"note\":\"\xff\"}"}) {
    EXPECT_EQ(Post("/findings/1/ack", body).status, 400) << body;
  }
  EXPECT_EQ(Post("/findings/1/ack", std::string(10'000, '[')).status, 400);
  for (const char* path :
       {"/findings/", "/findings/1", "/findings/x/ack", "/findings/-1/ack", "/findings/1/eat",
        "/findings/99999999999999999999/ack", "/findings/1/ack/", "/findings//ack/../1/ack"}) {
    EXPECT_EQ(Post(path, "{}").status, 404) << path;
  }
  EXPECT_EQ(Post("/findings", "{}").status, 405);
  EXPECT_EQ(Ask({"GET", "/findings/1/ack", "Bearer secret"}).status, 405);
  EXPECT_EQ(Ask({.method = "POST",
                 .path = "/findings/1/ack",
                 .authorization = "Bearer secret",
                 .content_type = "text/plain",
                 .body = "{}"})
                .status,
            415);
  EXPECT_THAT(findings_.done, ::testing::IsEmpty());
}

TEST_F(PageEndpointsTest, WithoutATokenNothingIsChanged) {
  const HttpResponse answer = Ask({.method = "POST",
                                   .path = "/findings/1/ack",
                                   .content_type = "application/json",
                                   .body = "{}"},
                                  "");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("token_file"));
  EXPECT_THAT(findings_.done, ::testing::IsEmpty());
}

TEST_F(PageEndpointsTest, WhoMayReadChangesNothing) {
  const auto ask = [&](const char* method, const char* path) {
    return Ask({method, path, "Bearer secret"}, "secret", model::Role::kRead);
  };
  EXPECT_EQ(ask("GET", "/findings").status, 200);
  EXPECT_EQ(ask("GET", "/events").status, 200);
  EXPECT_EQ(ask("POST", "/findings/1/ack").status, 403);
  EXPECT_EQ(Ask({"GET", "/findings", "Bearer secret"}, "secret", model::Role::kPush).status, 200);
  EXPECT_EQ(Ask({"POST", "/findings/1/ack", "Bearer secret"}, "secret", model::Role::kPush).status,
            403);
  EXPECT_THAT(findings_.done, ::testing::IsEmpty());
}

TEST_F(PageEndpointsTest, WithoutATokenOtherNamesOfThisMachineAreNotAnswered) {
  const auto status_for = [&](const std::string& host, const std::string& token) {
    return Ask({.method = "GET", .path = "/status", .authorization = "Bearer secret", .host = host},
               token)
        .status;
  };
  for (const char* host : {"", "127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LOCALHOST",
                           "[::1]", "[::1]:8080", "127.1.2.3"}) {
    EXPECT_EQ(status_for(host, ""), 200) << host;
  }
  for (const char* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example",
                           "localhost.evil.example:80", "127.evil", "[::2]:8080"}) {
    EXPECT_EQ(status_for(host, ""), 421) << host;
    EXPECT_EQ(status_for(host, "secret"), 200) << host;
    // Where everybody may read, or a certificate was shown.
    EXPECT_EQ(Ask({.method = "GET", .path = "/status", .host = host}, "", {}, true).status, 200);
  }
}

}  // namespace
}  // namespace dcp::server
