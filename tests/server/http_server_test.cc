#include "server/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
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
  const auto second = HttpServer::Start({.port = server_->port()},
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

}  // namespace
}  // namespace dcp::server
