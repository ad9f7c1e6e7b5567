#include "server/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tcp_client.h"

namespace dcp::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using test::TcpClient;

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(const HttpServer::Options& options = {}) {
    auto server = HttpServer::Start(options, [](const HttpRequest& request) {
      return HttpResponse{.body = absl::StrCat(request.method, " ", request.path, " ",
                                               request.authorization, "\n")};
    });
    ASSERT_OK(server);
    server_ = *std::move(server);
  }
  std::string Ask(const std::string& request) {
    TcpClient client(server_->port());
    client.Send(request);
    return client.Receive();
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersWithWhatTheHandlerSays) {
  Start();
  const std::string answer =
      Ask("GET /status?x=1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\nConnection: "
          "close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /status Bearer t\n"));
}

TEST_F(HttpServerTest, KeepsAConnectionForMoreRequests) {
  Start();
  TcpClient client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(client.Receive("GET /a \n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  Start();
  const std::string answer = Ask("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, WhatIsNotHttpIsRefused) {
  Start();
  for (const char* bytes :
       {"\r\n\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\n\n", "GET / HTTP/9.9\r\n\r\n"}) {
    EXPECT_THAT(Ask(bytes), StartsWith("HTTP/1.1 400 ")) << bytes;
  }
}

TEST_F(HttpServerTest, TooLargeRequestsAreRefused) {
  Start({.max_header_bytes = 1024, .max_body_bytes = 1024});
  EXPECT_THAT(Ask(absl::StrCat("GET / HTTP/1.1\r\nX: ", std::string(4000, 'x'))),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, ASlowRequestIsGivenUp) {
  Start({.timeout = absl::Milliseconds(50)});
  TcpClient client(server_->port());
  client.Send("GET / HT");
  EXPECT_EQ(client.Receive(), "");
}

TEST_F(HttpServerTest, MoreConnectionsThanAllowedAreClosed) {
  Start({.max_connections = 2});
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<TcpClient>(server_->port()));
    clients.back()->Send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(clients.back()->Receive("\n"), Not(::testing::IsEmpty()));
  }
  EXPECT_EQ(TcpClient(server_->port()).Receive(), "");
}

TEST_F(HttpServerTest, AnAddressInUseIsAnError) {
  Start();
  const auto second = HttpServer::Start({.listen = absl::StrCat("127.0.0.1:", server_->port())},
                                        [](const HttpRequest&) { return HttpResponse(); });
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("[http] cannot listen on 127.0.0.1"));
}

TEST_F(HttpServerTest, StopsWithConnectionsOpen) {
  Start();
  TcpClient client(server_->port());
  client.Send("GET /a HTTP/1.1\r\nHost: h\r\n");
  server_->Stop();
  server_.reset();
  EXPECT_EQ(client.Receive(), "");
}

// ---- answers that wait, and streams ----

TEST_F(HttpServerTest, AnAnswerThatWaitsHoldsUpNobody) {
  Mutex mu;
  CondVar changed;
  bool may_end = false;
  auto server = HttpServer::Start({}, [&](const HttpRequest& request) -> HttpResponse {
    if (request.path != "/slow") return {.body = "fast\n"};
    return {.later = [&]() -> HttpResponse {
      MutexLock lock(mu);
      while (!may_end) changed.Wait(mu);
      return {.status = 409, .body = "slow\n"};
    }};
  });
  ASSERT_OK(server);
  TcpClient slow((*server)->port());
  slow.Send("GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(test::HttpGet((*server)->port(), "/"), EndsWith("fast\n"));
  {
    MutexLock lock(mu);
    may_end = true;
    changed.NotifyAll();
  }
  const std::string answer = slow.Receive();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 409 "));
  EXPECT_THAT(answer, EndsWith("slow\n"));
}

class HttpStreamTest : public HttpServerTest {
 protected:
  void StartStreams(const HttpServer::Options& options = {}) {
    auto server = HttpServer::Start(options, [](const HttpRequest& request) -> HttpResponse {
      return {.content_type = "text/event-stream",
              .stream = [id = request.last_event_id] { return "begin " + id + "\n"; }};
    });
    ASSERT_OK(server);
    server_ = *std::move(server);
  }
  std::unique_ptr<TcpClient> Open(const std::string& headers = "") {
    auto client = std::make_unique<TcpClient>(server_->port());
    client->Send(absl::StrCat("GET /events HTTP/1.1\r\nHost: h\r\n", headers, "\r\n"));
    return client;
  }
  void Publish(const std::string& text) {
    server_->Publish(std::make_shared<const std::string>(text));
  }
};

TEST_F(HttpStreamTest, EveryReaderGetsWhatIsPublished) {
  StartStreams();
  auto one = Open("Last-Event-ID: 12\r\n"), two = Open();
  EXPECT_THAT(one->Receive("begin 12\n"), HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
  two->Receive("begin \n");
  EXPECT_EQ(server_->streams(), 2u);
  Publish("one\n\n");
  Publish("two\n\n");
  EXPECT_EQ(one->Receive("two\n\n"), "one\n\ntwo\n\n");
  EXPECT_EQ(two->Receive("two\n\n"), "one\n\ntwo\n\n");
}

TEST_F(HttpStreamTest, AReaderThatGoesIsForgotten) {
  StartStreams();
  auto one = Open();
  one->Receive("begin \n");
  one.reset();
  EXPECT_TRUE(test::Eventually([&] { return server_->streams() == 0; }));
}

TEST_F(HttpStreamTest, MoreStreamsThanAllowedAreRefused) {
  StartStreams({.max_streams = 1});
  auto one = Open();
  one->Receive("begin \n");
  EXPECT_THAT(Open("Connection: close\r\n")->Receive(), StartsWith("HTTP/1.1 503 "));
  one.reset();
  EXPECT_TRUE(test::Eventually([&] { return server_->streams() == 0; }));
  EXPECT_THAT(Open()->Receive("begin \n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpStreamTest, AReaderThatDoesNotReadIsCutOffAndOthersAreNot) {
  StartStreams({.max_stream_bytes = 1 << 20});
  auto slow = Open(), quick = Open();
  slow->Receive("begin \n");
  quick->Receive("begin \n");
  const std::string block = std::string(200'000, 'x') + "\n";
  EXPECT_TRUE(test::Eventually([&] {
    Publish(block);
    EXPECT_EQ(quick->Receive("\n"), block);
    return server_->streams() == 1;
  }));
}

TEST_F(HttpStreamTest, HeadDoesNotBeginAStream) {
  StartStreams();
  EXPECT_THAT(Ask("HEAD /events HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server_->streams(), 0u);
}

TEST_F(HttpStreamTest, StopsWithStreamsOpen) {
  StartStreams();
  auto one = Open();
  one->Receive("begin \n");
  Publish("last\n");
  server_->Stop();
  Publish("too late\n");
  server_.reset();
  EXPECT_THAT(one->Receive(), ::testing::AnyOf("", "last\n"));
}

}  // namespace
}  // namespace dcp::server
