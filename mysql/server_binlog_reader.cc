#include "mysql/server_binlog_reader.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace dcp::mysql {
ServerBinlogReader::ServerBinlogReader(const Options& options,
                                       std::unique_ptr<ReplicationConnection> connection)
    : until_now_(options.until_now),
      clock_(options.clock),
      connection_(std::move(connection)),
      catalog_(options.connection),
      decoder_({.schemas = &catalog_,
                .wants = options.wants,
                .checksums = connection_->checksums(),
                .positions_in_headers = true}) {
  decoder_.SetPosition(connection_->start().file, connection_->start().offset);
}

absl::StatusOr<std::unique_ptr<ServerBinlogReader>> ServerBinlogReader::Open(
    const Options& options) {
  DCP_ASSIGN_OR_RETURN(auto connection,
                       ReplicationConnection::Open({.connection = options.connection,
                                                    .server_id = options.server_id,
                                                    .replica_uuid = options.replica_uuid,
                                                    .start = options.start,
                                                    .heartbeat_period = options.heartbeat_period,
                                                    .semi_sync = options.semi_sync,
                                                    .until_now = options.until_now,
                                                    .clock = options.clock}));
  return std::unique_ptr<ServerBinlogReader>(
      new ServerBinlogReader(options, std::move(connection)));
}

absl::StatusOr<const BinlogEvent*> ServerBinlogReader::Next(absl::Duration timeout) {
  const absl::Duration deadline = clock_->Monotonic() + timeout;
  while (true) {
    const BinlogEvent* event = nullptr;
    if (decoder_.inside_payload()) {
      DCP_ASSIGN_OR_RETURN(event, decoder_.DecodeInner());
    } else if (at_end_) {
      return absl::OutOfRangeError("the position that the server had at the start is reached");
    } else {
      const absl::Duration left = std::max(absl::ZeroDuration(), deadline - clock_->Monotonic());
      DCP_ASSIGN_OR_RETURN(const Bytes bytes, connection_->Read(left));
      DCP_ASSIGN_OR_RETURN(event, decoder_.Decode(bytes));
      connection_->Acknowledge(decoder_.position());
    }
    if (until_now_ && !at_end_) {
      at_end_ = AtOrAfter(decoder_.position(), connection_->end_at_open());
    }
    if (event != nullptr) return event;
  }
}

}  // namespace dcp::mysql
