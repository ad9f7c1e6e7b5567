#include "mysql/server_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/tls.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

TEST(ServerErrorTest, NumbersHaveTheCodeOfTheNextStep) {
  const std::pair<uint32_t, Code> expected[] = {{1040, Code::kResourceExhausted},
                                                {1044, Code::kPermissionDenied},
                                                {1045, Code::kPermissionDenied},
                                                {1049, Code::kNotFound},
                                                {1064, Code::kInvalidArgument},
                                                {1142, Code::kPermissionDenied},
                                                {1146, Code::kNotFound},
                                                {1193, Code::kNotFound},
                                                {1205, Code::kAborted},
                                                {1969, Code::kDeadlineExceeded},
                                                {3024, Code::kDeadlineExceeded},
                                                {1213, Code::kAborted},
                                                {1227, Code::kPermissionDenied},
                                                {1236, Code::kFailedPrecondition},
                                                {1290, Code::kFailedPrecondition},
                                                {2002, Code::kUnavailable},
                                                {2003, Code::kUnavailable},
                                                {2006, Code::kUnavailable},
                                                {2013, Code::kUnavailable},
                                                {2026, Code::kFailedPrecondition},
                                                {4031, Code::kUnavailable},
                                                {0, Code::kUnknown},
                                                {9999, Code::kUnknown}};
  for (const auto& [number, code] : expected) EXPECT_EQ(CodeOfServerError(number), code) << number;
}

TEST(ServerErrorTest, MessageNamesServerDeedNumberAndCure) {
  const absl::Status status = ServerError("u@h:1", "connect", 2003, "no route");
  EXPECT_EQ(std::string(status.message()),
            "u@h:1: connect: no route (error 2003); check host and port, and that the server runs");
}

TEST(ServerErrorTest, DumpRefusalsHaveTheirOwnCures) {
  const auto cure = [](const char* message) {
    return std::string(ServerError("s", "read", 1236, message).message());
  };
  EXPECT_THAT(cure("A replica with the same server_uuid/server_id as this replica has connected"),
              HasSubstr("server_id of its own"));
  EXPECT_THAT(cure("the source has purged binary logs containing GTIDs that the replica requires"),
              HasSubstr("start from now"));
  EXPECT_THAT(cure("Could not find first log file name in binary log index file"),
              HasSubstr("does not exist any more"));
  EXPECT_THAT(cure("log event entry exceeded max_allowed_packet; Increase it on source"),
              HasSubstr("raise max_allowed_packet"));
  for (const char* damage :
       {"event read from binlog did not pass crc check", "bogus data in log event",
        "binlog truncated in the middle of event; consider out of disk space on source"}) {
    EXPECT_THAT(cure(damage), HasSubstr("the server's binlog file is damaged")) << damage;
  }
}

TEST(ServerErrorTest, AClientWithTheSameIdIsNamedAndOneThatIsBeingEndedIsWaitedFor) {
  const absl::Status taken = ServerError(
      "s", "read", 4052,
      "A slave with the same server_uuid/server_id as this slave has connected to the master");
  EXPECT_EQ(taken.code(), Code::kFailedPrecondition);
  EXPECT_THAT(std::string(taken.message()), HasSubstr("server_id of its own"));
  const absl::Status ending = ServerError(
      "s", "read", 4052, "A slave with the same server_uuid/server_id is already connected");
  EXPECT_EQ(ending.code(), Code::kUnavailable);
}

TEST(ServerErrorTest, AConnectionLostUnderTlsIsLost) {
  EXPECT_EQ(ServerError("s", "read", 2026, "TLS/SSL error: Connection timed out (110)").code(),
            Code::kUnavailable);
  EXPECT_EQ(ServerError("s", "connect", 2026, "TLS/SSL error: self-signed certificate").code(),
            Code::kFailedPrecondition);
}

TEST(TlsTest, DefaultDependsOnTheAddress) {
  model::ConnectionOptions options;
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) {
    options.host = host;
    EXPECT_EQ(EffectiveTlsMode(options), model::TlsMode::kDisabled) << host;
  }
  options.host = "db.example";
  EXPECT_EQ(EffectiveTlsMode(options), model::TlsMode::kPreferred);
  options.socket = "/run/mysqld.sock";
  EXPECT_EQ(EffectiveTlsMode(options), model::TlsMode::kDisabled);
  options.tls.mode = model::TlsMode::kRequired;
  EXPECT_EQ(EffectiveTlsMode(options), model::TlsMode::kRequired);
}

}  // namespace
}  // namespace dcp::mysql
