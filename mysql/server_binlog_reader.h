// ServerBinlogReader: the binlog of a live server.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "model/connection_options.h"
#include "mysql/binlog_place.h"
#include "mysql/binlog_reader.h"
#include "mysql/event_decoder.h"
#include "mysql/replication_connection.h"
#include "mysql/schema_catalog.h"

namespace dcp::mysql {

class ServerBinlogReader final : public BinlogReader {
 public:
  struct Options {
    model::ConnectionOptions connection;
    uint32_t server_id = 0;
    std::string replica_uuid = {};  // as of ReplicationConnection
    // Behind the transactions of a GTID set, or at a place in a file: the start
    // of a group. An empty file name means the oldest binlog.
    BinlogStart start = {};
    absl::Duration heartbeat_period = absl::Seconds(5);
    bool semi_sync = false;  // as of ReplicationConnection
    // Next() ends with kOutOfRange at the position that the server had when the
    // reader was opened.
    bool until_now = false;
    TableFilter wants = {};
    const Clock* clock = &Clock::Real();
  };

  // Errors as those of ReplicationConnection::Open().
  static absl::StatusOr<std::unique_ptr<ServerBinlogReader>> Open(const Options& options);

  absl::StatusOr<const BinlogEvent*> Next(absl::Duration timeout) override;
  void Stop() override { connection_->Stop(); }

  bool semi_sync() const { return connection_->semi_sync(); }
  // The end of the server's binlog when this was opened.
  const model::BinlogPosition& end_at_open() const { return connection_->end_at_open(); }
  const std::string& server_version() const { return connection_->server_version(); }

 private:
  ServerBinlogReader(const Options& options, std::unique_ptr<ReplicationConnection> connection);

  const bool until_now_;
  const Clock* const clock_;
  std::unique_ptr<ReplicationConnection> connection_;
  SchemaCatalog catalog_;
  EventDecoder decoder_;
  bool at_end_ = false;
};

}  // namespace dcp::mysql
