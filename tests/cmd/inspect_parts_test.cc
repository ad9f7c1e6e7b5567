// The pure parts of `check-config`, and what it asks of its own machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cmd/dcp/connection_fault.h"
#include "cmd/dcp/local_checks.h"
#include "cmd/dcp/table_warnings.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::cmd {
namespace {

using mysql::ServerSettings;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// ---- connections ----

constexpr char kSection[] = "[[collector]] 'replica'";

ConnectionFault Fault(const absl::Status& status, const std::string& socket = "") {
  model::ConnectionOptions options;
  options.host = "db";
  options.user = "dcp";
  options.socket = socket;
  return ExplainConnection(kSection, options, status);
}

TEST(ConnectionFaultTest, EachNamesTheKeyThatIsToBeChanged) {
  struct Case {
    absl::Status status;
    std::string setting, keys;
  };
  const Case cases[] = {
      {absl::PermissionDeniedError("connect: Access denied (error 1045); check user"), "password",
       "user and password_env or password_file"},
      {absl::PermissionDeniedError("connect: Host 'x' is not allowed (error 1130); c"),
       "host of the account", "CREATE USER"},
      {absl::PermissionDeniedError("connect: locked (error 3118); the account is locked"), "user",
       "the account is locked, or correct user"},
      {absl::UnavailableError("connect: refused (error 2003); check host and port"), "host",
       "correct host and port"},
      {absl::UnavailableError("connect: Unknown server host (error 2005); c"), "host",
       "correct host in"},
      {absl::FailedPreconditionError("connect: certificate (error 2026); c"), "tls",
       "tls (mode, ca, cert, key)"},
      {absl::FailedPreconditionError("the server does not offer TLS; tls mode demands it"), "tls",
       "tls (mode, ca, cert, key)"},
  };
  for (const Case& c : cases) {
    const ConnectionFault fault = Fault(c.status);
    EXPECT_EQ(fault.setting, c.setting) << c.status;
    EXPECT_THAT(fault.cure, HasSubstr(c.keys)) << c.status;
    EXPECT_THAT(fault.cure, HasSubstr(kSection)) << c.status;
  }
}

TEST(ConnectionFaultTest, ASocketIsNamedInPlaceOfHostAndPort) {
  const ConnectionFault fault =
      Fault(absl::UnavailableError("dcp@/run/s: connect: no such file (error 2002); c"), "/run/s");
  EXPECT_EQ(fault.setting, "socket");
  EXPECT_EQ(fault.message, "connect: no such file (error 2002)");
  EXPECT_THAT(fault.cure, AllOf(HasSubstr("correct socket in"), Not(HasSubstr("host"))));
}

TEST(ConnectionFaultTest, OtherErrorsKeepTheirOwnCure) {
  const ConnectionFault fault = Fault(absl::ResourceExhaustedError(
      "dcp@db:3306: connect: Too many connections (error 1040); raise max_connections"));
  EXPECT_EQ(fault.setting, "server");
  EXPECT_EQ(fault.message, "connect: Too many connections (error 1040)");
  EXPECT_EQ(fault.cure, "raise max_connections");
  EXPECT_EQ(Fault(absl::UnknownError("odd")).message, "odd");
}

// ---- this machine ----

class LocalChecksTest : public ::testing::Test {
 protected:
  const test::TestDir scratch_{"dcp-test-local"};
  const std::filesystem::path dir_ = scratch_.path();
};

TEST_F(LocalChecksTest, ADirectoryIsThereOrCanBeMade) {
  EXPECT_OK(CheckWritableDirectory(dir_.string()));
  EXPECT_OK(CheckWritableDirectory((dir_ / "a" / "b").string()));
  EXPECT_THAT(std::filesystem::is_empty(dir_), true);
}

TEST_F(LocalChecksTest, ADirectoryThatCannotBeWrittenToIsNamed) {
  const std::string file = (dir_ / "file").string();
  std::ofstream(file) << "x";
  const absl::Status status = CheckWritableDirectory(file + "/state");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), file + ": is no directory");
  // Nobody makes directories there, whoever asks.
  EXPECT_EQ(CheckWritableDirectory("/proc/dcp-state").code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(LocalChecksTest, AnAddressIsFreeInUseOrAnothers) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(fd, any, length), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  ASSERT_EQ(getsockname(fd, any, &length), 0);
  const uint16_t port = ntohs(address.sin_port);

  EXPECT_OK(CheckListenAddress({"127.0.0.1", 0}));
  EXPECT_EQ(CheckListenAddress({"127.0.0.1", port}).code(), absl::StatusCode::kUnavailable);
  close(fd);
  EXPECT_OK(CheckListenAddress({"127.0.0.1", port}));
  EXPECT_EQ(CheckListenAddress({"192.0.2.1", 9090}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CheckListenAddress({"no such host", 9090}).code(),
            absl::StatusCode::kFailedPrecondition);
}

// ---- tables ----

InspectedTable Table(std::vector<ColumnType> types) {
  InspectedTable table;
  table.name = table.logical = "shop.t";
  table.key = {"id"};
  for (const ColumnType& type : types) {
    collector::ViewedColumn column;
    column.name = type.name;
    table.columns.push_back(column);
  }
  table.types = std::move(types);
  return table;
}

// What is warned of a column that is `source` there and `target` here.
std::vector<std::string> Odd(const ColumnType& source, const ColumnType& target,
                             const ServerSettings& server = {}) {
  return TypeWarnings({Table({source})}, {Table({target})}, server);
}

ColumnType Type(const std::string& type, const std::string& charset = "") {
  return {"v", type, charset};
}

TEST(TypeWarningsTest, UnsignedNeedsAllUnsigned) {
  EXPECT_THAT(Odd(Type("int unsigned"), Type("bigint unsigned")),
              ElementsAre(AllOf(HasSubstr("shop.t.v is bigint unsigned and on the source int"),
                                HasSubstr("ALL_UNSIGNED"))));
  EXPECT_THAT(Odd(Type("int unsigned"), Type("int(10) unsigned")), IsEmpty());
  EXPECT_THAT(Odd(Type("int"), Type("bigint")), IsEmpty());
  ServerSettings server;
  server.type_conversions = "ALL_NON_LOSSY,ALL_UNSIGNED";
  EXPECT_THAT(Odd(Type("int unsigned"), Type("bigint unsigned"), server), IsEmpty());
}

TEST(TypeWarningsTest, LabelsStandInOneOrder) {
  EXPECT_THAT(Odd(Type("enum('a','b')"), Type("enum('b','a')")),
              ElementsAre(HasSubstr("another order")));
  EXPECT_THAT(Odd(Type("set('a')"), Type("set('ab')")), ElementsAre(HasSubstr("another order")));
  EXPECT_THAT(Odd(Type("enum('a','b')"), Type("enum('a','b','c')")), IsEmpty());
  EXPECT_THAT(Odd(Type("enum('a','b')"), Type("enum('a','b')")), IsEmpty());
}

TEST(TypeWarningsTest, CharsetsHaveTheSameBytes) {
  EXPECT_THAT(Odd(Type("varchar(9)", "utf8mb4"), Type("varchar(9)", "latin1")),
              ElementsAre(HasSubstr("bytes of utf8mb4, which are taken for latin1")));
  EXPECT_THAT(Odd(Type("text", "utf8mb3"), Type("longtext", "utf8mb4")), IsEmpty());
  EXPECT_THAT(Odd(Type("text", "ascii"), Type("text", "latin1")), IsEmpty());
}

TEST(TypeWarningsTest, BlanksAreKept) {
  EXPECT_THAT(Odd(Type("varchar(9)", "latin1"), Type("char(9)", "latin1")),
              ElementsAre(HasSubstr("blanks")));
  EXPECT_THAT(Odd(Type("char(9)", "latin1"), Type("varchar(9)", "latin1")), IsEmpty());
}

TEST(TypeWarningsTest, IgnoredColumnsAreNotNamed) {
  InspectedTable source = Table({Type("varchar(9)")});
  source.columns[0].ignored = true;
  EXPECT_THAT(TypeWarnings({source}, {Table({Type("char(9)")})}, {}), IsEmpty());
}

ServerSettings Replica() {
  ServerSettings settings;
  settings.version = "9.7.0";
  settings.channels.resize(1);
  settings.parallel_workers = 4;
  settings.preserve_commit_order = true;
  return settings;
}

TEST(OvertakingWarningsTest, CommitOrderAndTransactionsMatterToSeveralAppliers) {
  config::CheckOptions check;
  check.name = "orders";
  InspectedTable loose = Table({});
  loose.transactional = false;
  ServerSettings settings = Replica();
  EXPECT_THAT(OvertakingWarnings(check, {Table({})}, settings), IsEmpty());
  EXPECT_THAT(OvertakingWarnings(check, {loose}, settings),
              ElementsAre(AllOf(HasSubstr("shop.t is not transactional"),
                                HasSubstr("lateness = 1 of check 'orders'"))));
  settings.preserve_commit_order = false;
  EXPECT_THAT(OvertakingWarnings(check, {}, settings),
              ElementsAre(HasSubstr("SET GLOBAL replica_preserve_commit_order = ON")));
  settings.version = "5.7.44";
  EXPECT_THAT(OvertakingWarnings(check, {}, settings),
              ElementsAre(HasSubstr("SET GLOBAL slave_preserve_commit_order = ON")));
  settings.parallel_workers = 1;
  EXPECT_THAT(OvertakingWarnings(check, {loose}, settings), IsEmpty());
}

TEST(TableWarningsTest, CascadesAreNamedWhereTheBinlogDoesNotShowThem) {
  InspectedTable child = Table({});
  child.cascades = true;
  ServerSettings settings;
  EXPECT_THAT(TableWarnings({child}, settings, false),
              ElementsAre(AllOf(HasSubstr("foreign keys of shop.t cascade"), HasSubstr("[[job]]"),
                                Not(HasSubstr("--innodb")))));
  settings.has_sql_foreign_keys = true;
  EXPECT_THAT(TableWarnings({child}, settings, true),
              ElementsAre(HasSubstr("--innodb-native-foreign-keys=OFF")));
  settings.native_foreign_keys = false;
  EXPECT_THAT(TableWarnings({child}, settings, true), IsEmpty());
}

TEST(TableWarningsTest, TriggersOfAReplicaAreNamedThere) {
  ServerSettings settings;
  settings.run_triggers_for_rows = "LOGGING";
  EXPECT_THAT(TableWarnings({Table({})}, settings, false), IsEmpty());
  EXPECT_THAT(TableWarnings({Table({})}, settings, true),
              ElementsAre(AllOf(HasSubstr("slave_run_triggers_for_rbr is LOGGING"),
                                HasSubstr("SET GLOBAL slave_run_triggers_for_rbr = NO"))));
}

}  // namespace
}  // namespace dcp::cmd
