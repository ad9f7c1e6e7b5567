#include "cmd/dcp/sql_session.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cmd/dcp/convert.h"
#include "cmd/dcp/log.h"
#include "mysql/connection.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kAnswerWithin = absl::Seconds(5);

class SqlSession final : public barrier::SqlExecutor {
 public:
  explicit SqlSession(std::unique_ptr<mysql::Connection> connection)
      : connection_(std::move(connection)) {}

  absl::Status Execute(absl::string_view sql) override {
    if (cancelled_) return absl::CancelledError("stopping");
    return connection_->Execute(sql);
  }

  absl::StatusOr<uint64_t> QueryNumber(absl::string_view sql) override {
    if (cancelled_) return absl::CancelledError("stopping");
    const absl::StatusOr<mysql::Rows> rows = connection_->Query(sql);
    if (absl::IsNotFound(rows.status())) {  // of a table; here it would mean "no row"
      return absl::FailedPreconditionError(rows.status().message());
    }
    DCP_RETURN_IF_ERROR(rows.status());
    if (rows->empty()) return absl::NotFoundError("no row");
    const std::string text = rows->front().front().value_or("NULL");
    uint64_t number = 0;
    if (absl::SimpleAtoi(text, &number)) return number;
    return absl::InternalError(
        absl::StrCat(connection_->server(), ": '", text, "' is not a number: ", sql));
  }

  absl::StatusOr<uint64_t> Change(absl::string_view sql) override {
    DCP_RETURN_IF_ERROR(Execute(sql));
    return connection_->affected_rows();
  }

  absl::StatusOr<Rows> QueryRows(absl::string_view sql) override {
    if (cancelled_) return absl::CancelledError("stopping");
    return connection_->Query(sql);
  }

  void Cancel() override { cancelled_ = true; }

 private:
  const std::unique_ptr<mysql::Connection> connection_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

barrier::SqlOpener MakeSqlOpener(const model::ConnectionOptions& options) {
  return [options]() -> absl::StatusOr<std::unique_ptr<barrier::SqlExecutor>> {
    DCP_ASSIGN_OR_RETURN(auto connection, mysql::Connection::Connect(options, kAnswerWithin));
    return std::make_unique<SqlSession>(std::move(connection));
  };
}

std::unique_ptr<barrier::BarrierWriter> MakeBarrierWriter(
    const config::BarrierOptions& options, const Clock& clock,
    std::optional<barrier::PulseLease> lease) {
  barrier::PulseOptions pulse = ToPulseOptions(options);
  pulse.lease = std::move(lease);
  return std::make_unique<barrier::BarrierWriter>(
      pulse, MakeSqlOpener(options.connection), &clock,
      [](absl::string_view text) { LogWarning(absl::StrCat("barrier: ", text)); });
}

}  // namespace dcp::cmd
