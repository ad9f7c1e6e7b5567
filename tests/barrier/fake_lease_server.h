// A server with drc.barrier, drc.dcp_leader and drc.dcp_handover, as far as a lease needs them:
// sessions with transactions that hold the leader's row until they end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "barrier/sql_executor.h"

namespace dcp::barrier {

// Thread-compatible. Outlives its sessions.
class FakeLeaseServer {
 public:
  struct Leader {
    uint64_t epoch = 0, beat = 0, interval_ms = 0;
    std::string name;
    friend bool operator==(const Leader&, const Leader&) = default;
  };
  struct Data {
    std::optional<Leader> leader;
    uint64_t offset = 0;
    std::map<uint64_t, std::string> handover;  // by part
  };

  class Session final : public SqlExecutor {
   public:
    explicit Session(FakeLeaseServer* server) : server_(server) {}
    ~Session() override { Die(); }

    // As the server ends it: what it had begun is undone.
    void Die() {
      dead_ = true;
      if (server_->locker_ == this) server_->locker_ = nullptr;
      open_.reset();
    }
    // Is called before each statement; what it says becomes of it.
    std::function<absl::Status(absl::string_view sql)> before;

    absl::Status Execute(absl::string_view sql) override { return Change(sql).status(); }
    absl::StatusOr<uint64_t> Change(absl::string_view sql) override;
    absl::StatusOr<uint64_t> QueryNumber(absl::string_view sql) override;
    absl::StatusOr<Rows> QueryRows(absl::string_view sql) override;
    void Cancel() override {}

   private:
    absl::Status Begin(absl::string_view sql);
    Data& data() { return open_ ? *open_ : server_->data; }
    absl::StatusOr<uint64_t> ChangeLeader(absl::string_view sql);

    FakeLeaseServer* const server_;
    bool dead_ = false;
    std::optional<Data> open_;  // within a transaction
  };

  std::unique_ptr<Session> Connect() { return std::make_unique<Session>(this); }

  Data data;  // committed

 private:
  Session* locker_ = nullptr;  // of the leader's row
};

// The number behind `name` in `sql`.
inline uint64_t NumberBehind(absl::string_view sql, absl::string_view name) {
  const size_t at = sql.find(name);
  uint64_t number = 0;
  for (size_t i = at + name.size();
       at != sql.npos && i < sql.size() && sql[i] >= '0' && sql[i] <= '9'; ++i) {
    number = number * 10 + static_cast<uint64_t>(sql[i] - '0');
  }
  return number;
}

// What the first X'…' in `sql` holds.
inline std::string Unhexed(absl::string_view sql) {
  const size_t at = sql.find("X'");
  if (at == sql.npos) return "";
  const absl::string_view rest = sql.substr(at + 2);
  return absl::HexStringToBytes(rest.substr(0, rest.find('\'')));
}

inline absl::Status FakeLeaseServer::Session::Begin(absl::string_view sql) {
  if (dead_) return absl::UnavailableError("the session has gone");
  return before ? before(sql) : absl::OkStatus();
}

inline absl::StatusOr<uint64_t> FakeLeaseServer::Session::ChangeLeader(absl::string_view sql) {
  if (server_->locker_ != nullptr && server_->locker_ != this) {
    return absl::AbortedError("Lock wait timeout exceeded");
  }
  std::optional<Leader>& leader = data().leader;
  if (absl::StartsWith(sql, "INSERT")) {
    if (leader) return 0;
    const size_t values = sql.find("VALUES (1, ");
    leader = Leader{NumberBehind(sql.substr(values), "VALUES (1, "), 0, 0, Unhexed(sql)};
    const size_t interval = sql.find(", 0, ");
    leader->interval_ms = NumberBehind(sql.substr(interval), ", 0, ");
  } else {
    const size_t where = sql.find(" WHERE ");
    const absl::string_view condition = sql.substr(where), set = sql.substr(0, where);
    if (!leader) return 0;
    if (absl::StrContains(condition, "`epoch` = ") &&
        leader->epoch != NumberBehind(condition, "`epoch` = ")) {
      return 0;
    }
    if (absl::StrContains(condition, "`epoch` < ") &&
        leader->epoch >= NumberBehind(condition, "`epoch` < ")) {
      return 0;
    }
    if (absl::StrContains(condition, "`beat` = ") &&
        leader->beat != NumberBehind(condition, "`beat` = ")) {
      return 0;
    }
    const std::string hex = absl::AsciiStrToUpper(absl::BytesToHexString(leader->name));
    if (absl::StrContains(condition, "HEX(`name`) = ") &&
        !absl::StrContains(condition, absl::StrCat("HEX(`name`) = '", hex, "'"))) {
      return 0;
    }
    if (absl::StrContains(set, "`beat` = `beat` + 1")) ++leader->beat;
    if (absl::StrContains(set, "`name` = ''")) leader->name.clear();
    if (absl::StrContains(set, "`epoch` = ")) {
      leader = Leader{NumberBehind(set, "`epoch` = "), 0, NumberBehind(set, "`interval_ms` = "),
                      Unhexed(set)};
    }
  }
  if (open_) server_->locker_ = this;
  return 1;
}

inline absl::StatusOr<uint64_t> FakeLeaseServer::Session::Change(absl::string_view sql) {
  if (absl::Status status = Begin(sql); !status.ok()) return status;
  if (sql == "BEGIN") open_ = server_->data;
  if (sql == "COMMIT" || sql == "ROLLBACK") {
    if (sql == "COMMIT" && open_) server_->data = *open_;
    if (server_->locker_ == this) server_->locker_ = nullptr;
    open_.reset();
  }
  if (absl::StrContains(sql, "`dcp_leader`") && !absl::StartsWith(sql, "CREATE")) {
    return ChangeLeader(sql);
  }
  if (absl::StartsWith(sql, "UPDATE `drc`.`barrier`")) ++data().offset;
  if (absl::StartsWith(sql, "REPLACE INTO `drc`.`dcp_handover`")) {
    data().handover[NumberBehind(sql, "VALUES (1, ")] = Unhexed(sql);
  }
  if (absl::StartsWith(sql, "DELETE FROM `drc`.`dcp_handover`")) {
    auto& parts = data().handover;
    parts.erase(parts.lower_bound(NumberBehind(sql, "`part` >= ")), parts.end());
  }
  return 1;
}

inline absl::StatusOr<uint64_t> FakeLeaseServer::Session::QueryNumber(absl::string_view sql) {
  if (absl::Status status = Begin(sql); !status.ok()) return status;
  return absl::StrContains(sql, "binlog_format") ? 1 : data().offset;
}

inline absl::StatusOr<SqlExecutor::Rows> FakeLeaseServer::Session::QueryRows(
    absl::string_view sql) {
  if (absl::Status status = Begin(sql); !status.ok()) return status;
  Rows rows;
  const std::optional<Leader>& leader = data().leader;
  if (absl::StartsWith(sql, "SELECT `epoch`") && leader) {
    rows.push_back({absl::StrCat(leader->epoch), absl::StrCat(leader->beat),
                    absl::StrCat(leader->interval_ms), leader->name});
  }
  if (absl::StartsWith(sql, "SELECT LEFT(`data`")) {
    for (const auto& [part, bytes] : data().handover) rows.push_back({bytes});
  }
  return rows;
}

}  // namespace dcp::barrier
