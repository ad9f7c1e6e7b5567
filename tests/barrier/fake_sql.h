// A server that knows one table, drc.barrier, and notes what it is told.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "barrier/sql_executor.h"
#include "base/mutex.h"

namespace dcp::barrier {

// Thread-safe.
class FakeDatabase {
 public:
  void CreateAll(uint64_t offset) {
    MutexLock lock(mu_);
    table_exists_ = true;
    offset_ = offset;
  }
  // Statements that begin with `prefix` fail `times` times.
  void Fail(const std::string& prefix, absl::Status status, int times = 1'000'000) {
    MutexLock lock(mu_);
    failures_[prefix] = {std::move(status), times};
  }
  void FailToConnect(absl::Status status, int times) {
    MutexLock lock(mu_);
    failures_["connect"] = {std::move(status), times};
  }
  void SetFormatIsRow(bool is_row) {
    MutexLock lock(mu_);
    format_is_row_ = is_row;
  }
  // UPDATE waits until its session is cancelled.
  void HangUpdates() {
    MutexLock lock(mu_);
    hang_updates_ = true;
  }
  bool hanging() const {
    MutexLock lock(mu_);
    return hanging_;
  }
  uint64_t offset() const {
    MutexLock lock(mu_);
    return offset_.value_or(0);
  }
  int sessions() const {
    MutexLock lock(mu_);
    return sessions_;
  }
  std::vector<std::string> statements() const {
    MutexLock lock(mu_);
    return statements_;
  }

  SqlOpener opener() {
    return [this]() -> absl::StatusOr<std::unique_ptr<SqlExecutor>> { return Connect(); };
  }

  absl::StatusOr<std::unique_ptr<SqlExecutor>> Connect() {
    MutexLock lock(mu_);
    if (absl::Status status = Failure("connect"); !status.ok()) return status;
    ++sessions_;
    return std::make_unique<Session>(this);
  }

 private:
  struct FailurePlan {
    absl::Status status;
    int times = 0;
  };

  class Session final : public SqlExecutor {
   public:
    explicit Session(FakeDatabase* database) : database_(database) {}

    absl::Status Execute(absl::string_view sql) override {
      MutexLock lock(database_->mu_);
      const bool hangs = database_->hang_updates_ && absl::StartsWith(sql, "UPDATE");
      database_->hanging_ = hangs;
      while (hangs && !cancelled_) database_->changed_.Wait(database_->mu_);
      if (cancelled_) return absl::CancelledError("cancelled");
      return database_->Execute(sql);
    }

    absl::StatusOr<uint64_t> QueryNumber(absl::string_view sql) override {
      MutexLock lock(database_->mu_);
      if (cancelled_) return absl::CancelledError("cancelled");
      return database_->QueryNumber(sql);
    }

    // No lease is taken here: see fake_lease_server.h.
    absl::StatusOr<uint64_t> Change(absl::string_view) override {
      return absl::UnimplementedError("no lease here");
    }
    absl::StatusOr<Rows> QueryRows(absl::string_view) override {
      return absl::UnimplementedError("no lease here");
    }

    void Cancel() override {
      MutexLock lock(database_->mu_);
      cancelled_ = true;
      database_->changed_.NotifyAll();
    }

   private:
    FakeDatabase* const database_;
    bool cancelled_ = false;
  };

  absl::Status Failure(absl::string_view sql) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    for (auto& [prefix, plan] : failures_) {
      if (plan.times > 0 && absl::StartsWith(sql, prefix)) {
        --plan.times;
        return plan.status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status Execute(absl::string_view sql) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    statements_.emplace_back(sql);
    if (absl::Status status = Failure(sql); !status.ok()) return status;
    if (absl::StartsWith(sql, "CREATE TABLE")) table_exists_ = true;
    if (absl::StartsWith(sql, "INSERT") && !offset_.has_value()) offset_ = 0;
    if (absl::StartsWith(sql, "UPDATE") && offset_.has_value()) ++*offset_;
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> QueryNumber(absl::string_view sql) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (absl::Status status = Failure(sql); !status.ok()) return status;
    if (absl::StrContains(sql, "binlog_format")) return format_is_row_ ? 1 : 0;
    if (!table_exists_) return absl::InvalidArgumentError("Table 'drc.barrier' doesn't exist");
    if (!offset_.has_value()) return absl::NotFoundError("no row");
    return *offset_;
  }

  mutable Mutex mu_;
  CondVar changed_;
  bool table_exists_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<uint64_t> offset_ ABSL_GUARDED_BY(mu_);
  bool format_is_row_ ABSL_GUARDED_BY(mu_) = true;
  bool hang_updates_ ABSL_GUARDED_BY(mu_) = false;
  bool hanging_ ABSL_GUARDED_BY(mu_) = false;
  int sessions_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, FailurePlan> failures_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> statements_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::barrier
