#include "tests/cmd/fault_traffic.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/strings/substitute.h"
#include "base/status.h"

namespace dcp::test {
namespace {

constexpr size_t kKinds = 13;
constexpr size_t kSmallAtOnce = 50;

}  // namespace

absl::Status FaultTraffic::Begin() {
  return server_.Execute(
      "CREATE DATABASE shop; CREATE TABLE shop.seq (id INT PRIMARY KEY); "
      "CREATE TABLE shop.orders (id INT PRIMARY KEY, v VARCHAR(40), b LONGBLOB); "
      "INSERT INTO shop.orders VALUES (1, 'a', NULL), (2, 'b', NULL)");
}

std::string FaultTraffic::Number() {
  committed_.push_back(++next_);
  return absl::StrCat("INSERT INTO shop.seq VALUES (", next_, ")");
}

std::string FaultTraffic::Row() {
  const auto key = random_() % 100 + 1;
  return absl::Substitute("REPLACE INTO shop.orders VALUES ($0, 'v$1', NULL)", key,
                          random_() % 1000);
}

// The rows count from the place of the commit.
std::string FaultTraffic::XaCommit() {
  const int prepared = ++next_;
  std::string sql = absl::Substitute(
      "XA START 'x$0'; INSERT INTO shop.seq VALUES ($0); XA END 'x$0'; XA PREPARE 'x$0'; ",
      prepared);
  // A session with a prepared transaction can do nothing else.
  absl::StrAppend(&sql, "XA COMMIT 'x", prepared, "'");
  committed_.push_back(prepared);
  return sql;
}

std::string FaultTraffic::XaRollback() {
  return absl::Substitute(
      "XA START 'r$0'; INSERT INTO shop.seq VALUES ($0); XA END 'r$0'; XA PREPARE 'r$0'; "
      "XA ROLLBACK 'r$0'",
      ++next_);
}

std::string FaultTraffic::Statements(size_t kind) {
  const auto transaction = [&](const std::string& body) {
    return absl::StrCat("BEGIN; ", body, "; ", Number(), "; COMMIT");
  };
  switch (kind) {
    case 0:
      return Number();
    case 1:
      return transaction(absl::StrCat(Row(), "; ", Row(), "; ", Row()));
    case 2:
      return transaction("UPDATE shop.orders SET v = CONCAT(LEFT(v, 30), 'u') WHERE id < 50");
    case 3:
      return transaction(absl::StrCat(Row(), "; DELETE FROM shop.orders WHERE id > 2"));
    case 4:
      return absl::Substitute("CREATE TABLE shop.d$0 (id INT PRIMARY KEY, v INT); $1", next_ + 1,
                              Number());
    case 5:
      return absl::StrCat("TRUNCATE TABLE shop.orders; ", Number());
    case 6:
      return XaCommit();
    case 7:
      return XaRollback();
    case 8:
      return transaction(absl::StrCat(Row(), "; SAVEPOINT s; ", Row(),
                                      "; INSERT INTO shop.seq VALUES (-1); ROLLBACK TO s"));
    case 9: {  // several events of several packets
      return transaction(
          "REPLACE INTO shop.orders VALUES (1, 'big', REPEAT('x', 70000)), (2, 'big', "
          "REPEAT('y', 20000)), (3, 'big', REPEAT('z', 9000))");
    }
    case 10:
      if (server_.options().flavour != Flavour::kMysql97) return Number();
      return absl::StrCat("SET binlog_transaction_compression = ON; ",
                          transaction(absl::StrCat(Row(), "; ", Row(), "; ", Row())),
                          "; SET binlog_transaction_compression = OFF");
    case 11:
      return absl::StrCat("FLUSH BINARY LOGS; ", Number());
    default:
      return absl::StrCat("BEGIN; ", Row(), "; ROLLBACK; ", Number());
  }
}

absl::Status FaultTraffic::Run(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    DCP_RETURN_IF_ERROR(server_.Execute(Statements(kind_++ % kKinds)));
  }
  return absl::OkStatus();
}

absl::Status FaultTraffic::RunSmall(size_t count) {
  while (count > 0) {
    const size_t now = std::min(count, kSmallAtOnce);
    std::string sql;
    for (size_t i = 0; i < now; ++i) {
      absl::StrAppend(&sql, "BEGIN; ", Row(), "; ", Number(), "; COMMIT; ");
    }
    DCP_RETURN_IF_ERROR(server_.Execute(sql + "DO 1"));
    count -= now;
  }
  return absl::OkStatus();
}

std::vector<int> NumbersOf(const std::vector<std::string>& lines) {
  std::vector<int> numbers;
  for (const std::string& line : lines) {
    absl::string_view rest(line);
    int number = 0;
    if (!absl::ConsumePrefix(&rest, "insert shop.seq[")) continue;
    if (absl::SimpleAtoi(rest.substr(0, rest.find(']')), &number)) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace dcp::test
