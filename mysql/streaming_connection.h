// StreamingConnection: one SQL session that hands out the rows of a result while they come,
// without keeping any: for reading tables whole. The session's settings are those of
// connection.h.
//
// Thread-compatible. Errors are those of server_error.h and name the server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/connection_options.h"

namespace dcp::mysql {

struct Client;

class StreamingConnection {
 public:
  // One value as the server sent it, byte for byte; nullopt is NULL. Valid during the call.
  using Field = std::optional<absl::string_view>;
  using RowSink = absl::FunctionRef<absl::Status(absl::Span<const Field>)>;

  // `io_timeout`: how long a statement may be silent before the server counts as lost.
  static absl::StatusOr<std::unique_ptr<StreamingConnection>> Connect(
      const model::ConnectionOptions& options, absl::Duration io_timeout);
  ~StreamingConnection();
  StreamingConnection(const StreamingConnection&) = delete;
  StreamingConnection& operator=(const StreamingConnection&) = delete;

  // Runs a statement; a result set is dropped.
  absl::Status Execute(absl::string_view sql);

  // Gives each row to `sink`. OK means that the result came whole. An error of `sink` ends
  // the statement, is returned as it is, and closes the session: what follows is kUnavailable.
  absl::Status Stream(absl::string_view sql, RowSink sink);

 private:
  explicit StreamingConnection(std::string server);
  absl::Status Error(absl::string_view doing) const;
  absl::Status Send(absl::string_view sql);
  void Abandon();

  const std::string server_;
  const std::unique_ptr<Client> client_;
  bool abandoned_ = false;
  std::vector<Field> fields_;
};

}  // namespace dcp::mysql
