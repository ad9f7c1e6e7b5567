// A source and a replica, and a verification of tables of `shop` over both.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"
#include "tests/verifier/reader_fixture.h"
#include "verifier/verification.h"

namespace dcp::verifier {

// Collects what a run tells.
class CollectedEvents final : public VerificationEvents {
 public:
  std::string sync;
  std::vector<std::string> warnings;
  std::vector<Difference> differences;
  std::vector<TableResult> tables;
  std::function<void()> on_rows;
  std::vector<std::string> notes;
  std::function<void()> on_note;

  void OnStart(const std::vector<TableTask>&, const std::string& used) override { sync = used; }
  void OnWarning(const std::string& text) override { warnings.push_back(text); }
  void OnNote(const std::string& text) override {
    notes.push_back(text);
    if (on_note) on_note();
  }
  void OnRows(const std::string&, uint64_t) override {
    if (on_rows) on_rows();
  }
  void OnDifference(const Difference& difference) override { differences.push_back(difference); }
  void OnTable(const TableResult& result) override { tables.push_back(result); }

  // "missing shop.orders[1]", in order.
  std::vector<std::string> Found() const {
    std::vector<std::string> found;
    for (const Difference& difference : differences) {
      const char* const kind = difference.kind == Difference::Kind::kMissing ? "missing "
                               : difference.kind == Difference::Kind::kExtra ? "extra "
                                                                             : "mismatch ";
      found.push_back(absl::StrCat(kind, difference.table, difference.key));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

class VerificationTest : public ::testing::Test {
 public:
  static absl::Status Wait(absl::Duration time) {
    Mutex mu;
    CondVar never;
    const MutexLock lock(mu);
    const absl::Duration until = Clock::Real().Monotonic() + time;
    while (Clock::Real().Monotonic() < until) never.WaitFor(mu, until - Clock::Real().Monotonic());
    return absl::OkStatus();
  }

 protected:
  explicit VerificationTest(test::ReplicaPairOptions servers = {}) : servers_(std::move(servers)) {}

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, test::SharedServers::Fresh(servers_));
    options_.source = ConnectionTo(pair().source());
    options_.target = ConnectionTo(pair().replica());
    options_.tables = {{{"shop.*", "", {}}, ""}};
    OnBoth("CREATE DATABASE shop");
  }

  // On the source, and on the replica by replication.
  void OnBoth(const std::string& sql) {
    OnSource(sql);
    ASSERT_OK(pair().WaitForReplica());
  }
  void OnSource(const std::string& sql) { ASSERT_OK(pair().source().Execute(sql)) << sql; }
  // On the replica alone.
  void OnTarget(const std::string& sql) {
    ASSERT_OK(pair().replica().Execute("SET sql_log_bin = 0; " + sql + "; SET sql_log_bin = 1"))
        << sql;
  }
  // On the source, without its being replicated.
  void OnSourceOnly(const std::string& sql) {
    ASSERT_OK(pair().source().Execute("SET sql_log_bin = 0; " + sql + "; SET sql_log_bin = 1"))
        << sql;
  }
  // Tables that differ: nothing of what is done to one reaches the other.
  void OnEach(const std::string& source_sql, const std::string& target_sql) {
    OnSourceOnly(source_sql);
    OnTarget(target_sql);
  }

  absl::Status TryRun() {
    events_.differences.clear();
    events_.tables.clear();
    events_.warnings.clear();
    const Pause pause = [](absl::Duration time) { return Wait(time); };
    return RunVerification(options_, Clock::Real(), pause, events_);
  }
  void Run() { ASSERT_OK(TryRun()); }

  const TableResult& Table(const std::string& name) {
    static const TableResult kNone;
    for (const TableResult& table : events_.tables) {
      if (table.table == name) return table;
    }
    ADD_FAILURE() << "no result of " << name;
    return kNone;
  }

  void ExpectEqual() {
    Run();
    EXPECT_THAT(events_.Found(), ::testing::IsEmpty());
    EXPECT_FALSE(events_.tables.empty());
    for (const TableResult& table : events_.tables) {
      EXPECT_EQ(table.skipped, "") << table.table;
      EXPECT_EQ(table.undecided, 0u)
          << table.table << " " << ::testing::PrintToString(table.reasons);
      EXPECT_THAT(table.schema_differences, ::testing::IsEmpty());
    }
  }

  test::ReplicaPair& pair() { return *pair_; }

  VerificationOptions options_;
  CollectedEvents events_;

 private:
  const test::ReplicaPairOptions servers_;
  test::ReplicaPair* pair_ = nullptr;
};

}  // namespace dcp::verifier
