// SqlExecutor: one SQL session, as far as the barrier writer needs it. cmd/ makes
// it of a connection of mysql/; tests fake it.
//
// Thread-confined, but for Cancel().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp::barrier {

class SqlExecutor {
 public:
  virtual ~SqlExecutor() = default;

  // Runs one statement and drops its result.
  //   kUnavailable       the session is gone; open another
  //   kPermissionDenied  a privilege is missing; the message is the server's
  //   kCancelled         Cancel() was called
  //   others             the statement failed, the session is whole
  virtual absl::Status Execute(absl::string_view sql) = 0;

  // The number that one row of one column holds.
  //   kNotFound  no row; else as Execute
  virtual absl::StatusOr<uint64_t> QueryNumber(absl::string_view sql) = 0;

  // Runs one statement; the rows that it changed.
  //   errors as of Execute
  virtual absl::StatusOr<uint64_t> Change(absl::string_view sql) = 0;

  // All rows, byte for byte; nullopt is NULL.
  //   errors as of Execute
  using Rows = std::vector<std::vector<std::optional<std::string>>>;
  virtual absl::StatusOr<Rows> QueryRows(absl::string_view sql) = 0;

  // Ends a statement that runs in another thread and all later ones, soon. Any thread,
  // any number of times.
  virtual void Cancel() = 0;
};

// Connects; errors as of Execute. Called by the writer's thread; takes its connect
// timeout at most.
using SqlOpener = std::function<absl::StatusOr<std::unique_ptr<SqlExecutor>>()>;

}  // namespace dcp::barrier
