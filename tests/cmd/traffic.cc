#include "tests/cmd/traffic.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/cmd/traffic_generator.h"

namespace dcp::test {
namespace {

bool HasNumber(const absl::Status& status, const std::vector<const char*>& numbers) {
  return std::any_of(numbers.begin(), numbers.end(), [&](const char* number) {
    return absl::StrContains(status.message(), number);
  });
}

// Refused because of the other writers: duplicate keys, deadlocks, waits that took too
// long, foreign keys, a table that was altered; and what `altered` looks like now.
bool IsExpected(const absl::Status& status, const std::string& statement) {
  if (HasNumber(status, {"(1062)", "(1213)", "(1205)", "(1452)", "(1451)", "(1761)", "(1402)",
                         "(1613)", "(1614)", "(1412)"})) {
    return true;
  }
  return absl::StrContains(statement, "altered") &&
         HasNumber(status, {"(1050)", "(1054)", "(1060)", "(1061)", "(1091)", "(1146)"});
}

// What XA START has, behind it; empty for other transactions.
std::string XidOf(const TrafficTransaction& transaction) {
  constexpr absl::string_view kStart = "XA START ";
  const std::string& first = transaction.front();
  return absl::StartsWith(first, kStart) ? first.substr(kStart.size()) : "";
}

void RollBack(Session& session, const TrafficTransaction& transaction) {
  const std::string xid = XidOf(transaction);
  if (xid.empty()) {
    session.Execute("ROLLBACK").IgnoreError();
    return;
  }
  session.Execute(absl::StrCat("XA END ", xid)).IgnoreError();  // it may have ended
  session.Execute(absl::StrCat("XA ROLLBACK ", xid)).IgnoreError();
}

// A definition of `altered` anew may have been refused behind its DROP. The row tells dcp which
// columns the last definition gave the table.
absl::Status RestoreAltered(MysqlServer& server, const std::string& database) {
  const std::string table = database + ".altered";
  return server.Execute(absl::StrCat("CREATE TABLE IF NOT EXISTS ", table,
                                     " (id INT PRIMARY KEY, v VARCHAR(60)); REPLACE INTO ", table,
                                     " (id, v) VALUES (1, 'last')"));
}

class Writer {
 public:
  Writer(MysqlServer& server, const TrafficOptions& options, int number,
         const TransactionRunner& run)
      : server_(server), options_(options), number_(number), run_(run) {}

  TrafficResult Run() {
    TrafficResult result;
    result.status = RunAll(&result);
    return result;
  }

 private:
  absl::Status RunAll(TrafficResult* result) {
    DCP_ASSIGN_OR_RETURN(const auto session, server_.Connect());
    DCP_RETURN_IF_ERROR(session->Execute(
        absl::StrCat("USE ", options_.database,
                     "; SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', lock_wait_timeout = 2, "
                     "innodb_lock_wait_timeout = 1")));
    const auto generator = TrafficGenerator::Create(options_, number_);
    const int between = std::max(1, options_.transactions / 5);
    for (int i = 0; i < options_.transactions; ++i) {
      DCP_RETURN_IF_ERROR(RunOne(*session, generator->Next(), result));
      const bool big = number_ == 0 && options_.big_rows > 0 && i % between == between - 1;
      if (big) DCP_RETURN_IF_ERROR(RunBig(*session, generator->Big(i / between % 4), result));
    }
    return absl::OkStatus();
  }

  absl::Status RunOne(Session& session, const TrafficTransaction& transaction,
                      TrafficResult* result) {
    const absl::Status status = run_(number_, session, transaction);
    if (status.ok()) ++result->committed;
    if (absl::IsAborted(status)) ++result->aborted;
    return absl::IsAborted(status) ? absl::OkStatus() : status;
  }

  // Until it comes to pass: each builds on the one before.
  absl::Status RunBig(Session& session, const TrafficTransaction& transaction,
                      TrafficResult* result) {
    const uint64_t committed = result->committed;
    while (result->committed == committed) {
      DCP_RETURN_IF_ERROR(RunOne(session, transaction, result));
    }
    return absl::OkStatus();
  }

  MysqlServer& server_;
  const TrafficOptions& options_;
  const int number_;
  const TransactionRunner& run_;
};

}  // namespace

uint64_t TrafficSeed() {
  const char* text = std::getenv("DCP_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device()();
}

int TrafficScale() {
  const char* text = std::getenv("DCP_TEST_TRAFFIC_SCALE");
  return text != nullptr ? std::max(1, std::atoi(text)) : 1;
}

absl::Status RunTransaction(Session& session, const TrafficTransaction& transaction) {
  for (const std::string& statement : transaction) {
    const absl::Status status = session.Execute(statement);
    if (status.ok()) continue;
    RollBack(session, transaction);
    return IsExpected(status, statement) ? absl::AbortedError(status.message()) : status;
  }
  return absl::OkStatus();
}

TrafficResult RunTraffic(MysqlServer& server, const TrafficOptions& options,
                         const TransactionRunner& run) {
  std::vector<TrafficResult> results(static_cast<size_t>(options.writers));
  std::vector<std::thread> threads;
  for (int i = 0; i < options.writers; ++i) {
    threads.emplace_back(
        [&, i] { results[static_cast<size_t>(i)] = Writer(server, options, i, run).Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  TrafficResult total;
  if (options.ddl) total.status = RestoreAltered(server, options.database);
  for (const TrafficResult& result : results) {
    if (total.status.ok()) total.status = result.status;
    total.committed += result.committed;
    total.aborted += result.aborted;
  }
  return total;
}

TrafficResult RunTraffic(MysqlServer& server, const TrafficOptions& options) {
  return RunTraffic(server, options,
                    [](int, Session& session, const TrafficTransaction& transaction) {
                      return RunTransaction(session, transaction);
                    });
}

}  // namespace dcp::test
