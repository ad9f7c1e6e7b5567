#include "cmd/dcp/executed_probe.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "mysql/connection.h"

namespace dcp::cmd {
namespace {

class Probe final : public collector::ExecutedProbe {
 public:
  Probe(const model::ConnectionOptions& server, bool mariadb, absl::Duration patience)
      : server_(server), mariadb_(mariadb), patience_(patience) {
    server_.connect_timeout = std::min(server_.connect_timeout, patience_);
  }

  absl::StatusOr<Answer> Ask() override {
    absl::StatusOr<Answer> answer = Read();
    if (!answer.ok()) connection_ = nullptr;
    return answer;
  }

 private:
  absl::StatusOr<Answer> Read() {
    if (connection_ == nullptr) {
      DCP_ASSIGN_OR_RETURN(connection_, mysql::Connection::Connect(server_, patience_));
    }
    Answer answer;
    if (mariadb_) {
      DCP_ASSIGN_OR_RETURN(const std::string executed,
                           connection_->QueryValue("SELECT @@GLOBAL.gtid_slave_pos"));
      DCP_ASSIGN_OR_RETURN(answer.executed, model::GtidPosition::Parse(executed));
    }
    DCP_ASSIGN_OR_RETURN(const mysql::Rows end, BinlogEnd());
    if (end.empty() || end[0].size() < 2 ||
        !absl::SimpleAtoi(end[0][1].value_or(""), &answer.end.offset)) {
      return absl::FailedPreconditionError("the server does not tell its binlog position");
    }
    answer.end.file = end[0][0].value_or("");
    return answer;
  }

  // MySQL has the old name up to 8.3, the new one from 8.2; MariaDB only the old one.
  absl::StatusOr<mysql::Rows> BinlogEnd() {
    if (!mariadb_) {
      auto end = connection_->Query("SHOW BINARY LOG STATUS");
      if (!absl::IsInvalidArgument(end.status())) return end;
    }
    return connection_->Query("SHOW MASTER STATUS");
  }

  model::ConnectionOptions server_;
  const bool mariadb_;
  const absl::Duration patience_;
  std::unique_ptr<mysql::Connection> connection_;
};

}  // namespace

std::unique_ptr<collector::ExecutedProbe> MakeExecutedProbe(const model::ConnectionOptions& server,
                                                            bool mariadb, absl::Duration patience) {
  return std::make_unique<Probe>(server, mariadb, patience);
}

}  // namespace dcp::cmd
