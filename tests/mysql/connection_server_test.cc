// SQL connections and settings against a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "mysql/connection.h"
#include "mysql/server_settings.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using test::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ConnectionServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(test::SharedServers::Reset());
    to_.port = server_.port();
    to_.user = "root";
  }

  std::unique_ptr<Connection> Connect() {
    auto connection = Connection::Connect(to_);
    EXPECT_OK(connection);
    return connection.ok() ? *std::move(connection) : nullptr;
  }

  test::MysqlServer& server_ = test::SharedServers::Pair().source();
  model::ConnectionOptions to_;
};

TEST_F(ConnectionServerTest, ValuesAreBytesExact) {
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  ASSERT_OK_AND_ASSIGN(const Rows rows,
                       connection->Query("SELECT x'00FF0A', NULL, '', 'é', 18446744073709551615"));
  EXPECT_EQ(rows,
            (Rows{{std::string("\0\xff\n", 3), std::nullopt, "", "é", "18446744073709551615"}}));
}

TEST_F(ConnectionServerTest, QuotingSurvivesTheServer) {
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  ASSERT_OK_AND_ASSIGN(const std::string back,
                       connection->QueryValue("SELECT " + QuoteString(all + "é😀")));
  EXPECT_EQ(back, all + "é😀");
  ASSERT_OK(connection->Execute("SET sql_log_bin = 0"));  // of no concern to the replica
  ASSERT_OK(connection->Execute("CREATE DATABASE " + QuoteName("a`b' \\")));
  ASSERT_OK_AND_ASSIGN(
      const std::string name,
      connection->QueryValue("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE "
                             "SCHEMA_NAME = " +
                             QuoteString("a`b' \\")));
  EXPECT_EQ(name, "a`b' \\");
  ASSERT_OK(connection->Execute("DROP DATABASE " + QuoteName(name)));
}

TEST_F(ConnectionServerTest, SessionIsInUtcAndUtf8) {
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  ASSERT_OK_AND_ASSIGN(const Rows rows,
                       connection->Query("SELECT @@time_zone, @@character_set_client, @@sql_mode"));
  EXPECT_EQ(rows[0][0], "+00:00");
  EXPECT_EQ(rows[0][1], "utf8mb4");
  EXPECT_THAT(*rows[0][2], AllOf(HasSubstr("STRICT_ALL_TABLES"), Not(HasSubstr("ANSI"))));
}

TEST_F(ConnectionServerTest, AffectedRowsAreCounted) {
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  ASSERT_OK(connection->Execute("CREATE DATABASE t"));
  ASSERT_OK(connection->Execute("CREATE TABLE t.a (id INT)"));
  ASSERT_OK(connection->Execute("INSERT INTO t.a VALUES (1),(2),(3)"));
  EXPECT_EQ(connection->affected_rows(), 3u);
  ASSERT_OK(connection->Execute("SELECT 1"));
  EXPECT_EQ(connection->affected_rows(), 0u);
}

TEST_F(ConnectionServerTest, ErrorsNameServerStatementKindAndCure) {
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  EXPECT_THAT(connection->Query("SELECT * FROM nope.a"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(connection->server())));
  EXPECT_THAT(connection->Execute("SELEKT"), test::HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(connection->Execute("DO 1"));  // the session survives

  to_.user = "nobody";
  to_.password = "secret-word";
  EXPECT_THAT(Connection::Connect(to_),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("nobody@127.0.0.1"), HasSubstr("check user"),
                             Not(HasSubstr("secret-word")))));
  to_.port = 1;
  EXPECT_THAT(Connection::Connect(to_),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("127.0.0.1:1")));
}

TEST_F(ConnectionServerTest, ALostConnectionIsUnavailable) {
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  ASSERT_OK_AND_ASSIGN(const std::string id, connection->QueryValue("SELECT CONNECTION_ID()"));
  ASSERT_OK(server_.Execute("KILL " + id));
  EXPECT_THAT(connection->Query("SELECT 1"), test::HasCode(absl::StatusCode::kUnavailable));
}

TEST_F(ConnectionServerTest, TlsModesDoWhatTheySay) {
  const std::string cipher = "SHOW STATUS LIKE 'Ssl_cipher'";
  for (const auto& [mode, encrypted] :
       std::vector<std::pair<model::TlsMode, bool>>{{model::TlsMode::kDefault, false},
                                                    {model::TlsMode::kDisabled, false},
                                                    {model::TlsMode::kPreferred, true},
                                                    {model::TlsMode::kRequired, true}}) {
    to_.tls.mode = mode;
    auto connection = Connect();
    ASSERT_NE(connection, nullptr);
    ASSERT_OK_AND_ASSIGN(const Rows rows, connection->Query(cipher));
    EXPECT_EQ(!rows[0][1]->empty(), encrypted) << static_cast<int>(mode);
  }
  // The server made its own certificate: nobody vouches for it.
  for (const model::TlsMode mode : {model::TlsMode::kVerifyCa, model::TlsMode::kVerifyIdentity}) {
    to_.tls.mode = mode;
    EXPECT_THAT(Connection::Connect(to_),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("certificate")));
  }
}

TEST_F(ConnectionServerTest, SocketsWork) {
  to_.socket = server_.socket();
  to_.port = 1;
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  EXPECT_OK(connection->QueryValue("SELECT 1"));
}

TEST_F(ConnectionServerTest, SettingsAreTheServersOwn) {
  to_.user = to_.password = "dcp";
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  ASSERT_OK_AND_ASSIGN(const ServerSettings settings, ReadServerSettings(*connection));
  EXPECT_EQ(settings.server_id, 101u);
  EXPECT_EQ(settings.server_uuid, *server_.QueryValue("SELECT @@server_uuid"));
  EXPECT_EQ(settings.version, *server_.QueryValue("SELECT @@version"));
  EXPECT_FALSE(settings.mariadb);
  EXPECT_TRUE(settings.log_bin);
  EXPECT_TRUE(settings.log_replica_updates);
  EXPECT_EQ(settings.binlog_format, "ROW");
  EXPECT_EQ(settings.binlog_row_image, "FULL");
  EXPECT_EQ(settings.binlog_row_metadata, "MINIMAL");
  EXPECT_EQ(settings.gtid_mode, "ON");
  EXPECT_EQ(settings.position.file, settings.oldest_binlog);
  EXPECT_GT(settings.position.offset, 4u);
  EXPECT_GT(settings.expire_seconds, 0);
  EXPECT_THAT(settings.unread, IsEmpty());
  EXPECT_THAT(CheckAsSource(settings, {"shop"}), IsEmpty());
  EXPECT_THAT(CheckAsTarget(settings, {"shop"}), IsEmpty());
}

TEST_F(ConnectionServerTest, AReplicaTellsItsChannelAndFilters) {
  test::MysqlServer& replica = test::SharedServers::Pair().replica();
  ASSERT_OK(replica.Execute("STOP REPLICA"));
  ASSERT_OK(replica.Execute("CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (drc, other)"));
  to_.port = replica.port();
  auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  auto settings = ReadServerSettings(*connection);
  ASSERT_OK(replica.Execute("CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = ()"));
  ASSERT_OK(settings);
  ASSERT_EQ(settings->channels.size(), 1u);
  EXPECT_EQ(settings->channels[0].source_port, server_.port());
  const auto problems = CheckAsTarget(*settings, {"shop"});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].setting, "replicate_ignore_db");
  EXPECT_OK(connection->Execute(problems[0].cure_sql));
}

TEST_F(ConnectionServerTest, AnAccountWithoutPrivilegesIsToldTheGrants) {
  ASSERT_OK(server_.Execute("DROP USER IF EXISTS weak; CREATE USER weak IDENTIFIED BY ''"));
  to_.user = "weak";
  auto weak = Connect();
  ASSERT_NE(weak, nullptr);
  ASSERT_OK_AND_ASSIGN(const ServerSettings settings, ReadServerSettings(*weak));
  EXPECT_THAT(settings.unread, Not(IsEmpty()));
  const auto problems = CheckAsSource(settings, {"shop"});
  ASSERT_EQ(problems.size(), 3u);
  for (const SettingProblem& problem : problems) ASSERT_OK(server_.Execute(problem.cure_sql));
  auto cured = Connect();
  ASSERT_NE(cured, nullptr);
  ASSERT_OK_AND_ASSIGN(const ServerSettings after, ReadServerSettings(*cured));
  EXPECT_THAT(CheckAsSource(after, {"shop"}), IsEmpty());
}

}  // namespace
}  // namespace dcp::mysql
