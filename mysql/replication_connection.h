// ReplicationConnection: the raw binlog events of one server. Authentication,
// TLS and packets (over 16 MiB too) are Connector/C's; registering as a replica
// and asking for the binlog are done here.
// Source: "Replication Protocol" in the MySQL Internals Manual;
// sql/rpl_source.cc (com_register_replica, com_binlog_dump_gtid) of MySQL;
// "Replica Protocol" (@mariadb_slave_capability, @slave_connect_state) of MariaDB's knowledge base.
//
// Thread-compatible: one reader thread. Only Stop() may be called from any
// thread, any number of times.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "model/connection_options.h"
#include "model/gtid_set.h"
#include "model/position.h"
#include "mysql/bytes.h"

namespace dcp::mysql {

// Where a stream begins: behind the transactions of a GTID set (of MariaDB's GTIDs: behind
// the last one of each domain), or at a place in a file (an empty file name: the server's
// oldest binlog).
using BinlogStart = std::variant<model::GtidSet, model::BinlogPosition>;

// Names a client to the servers that it reads from.
std::string NewReplicaUuid();

// What such a client calls itself in SHOW REPLICAS.
std::string ReportedHost(absl::string_view replica_uuid);

class ReplicationConnection {
 public:
  struct Options {
    model::ConnectionOptions connection;
    uint32_t server_id = 0;  // of this client among the server's replicas
    // The same in each connection of one client: so the server ends the thread that still
    // serves a connection that was lost (MariaDB goes by server_id). Empty: a new one.
    std::string replica_uuid;
    BinlogStart start = {};
    // The server speaks at least this often; silent for three times as long,
    // it counts as lost.
    absl::Duration heartbeat_period = absl::Seconds(5);
    // Acknowledge what was read to a source that waits for that.
    bool semi_sync = false;
    bool until_now = false;  // end when the server has nothing more to send
    const Clock* clock = &Clock::Real();
  };

  // Connects, registers and asks for the binlog.
  //   kUnavailable         not reachable; try again
  //   kPermissionDenied    account or privileges; the message says which
  //   kFailedPrecondition  log_bin is off, server_id is the server's own …
  static absl::StatusOr<std::unique_ptr<ReplicationConnection>> Open(const Options& options);
  ~ReplicationConnection();
  ReplicationConnection(const ReplicationConnection&) = delete;
  ReplicationConnection& operator=(const ReplicationConnection&) = delete;

  // The next event as it stands in the binlog, valid until the next call.
  //   kDeadlineExceeded    nothing came within `timeout`
  //   kOutOfRange          until_now: the server has sent all it had
  //   kUnavailable         lost, or silent beyond the heartbeats
  //   kFailedPrecondition  the server refuses (error 1236); the message says the cure
  //   kCancelled           Stop() was called
  absl::StatusOr<Bytes> Read(absl::Duration timeout);

  // All up to `place` is here. Sends it where the source has asked for that with the last event;
  // an error of sending shows at the next Read().
  void Acknowledge(const model::BinlogPosition& place);

  void Stop();

  // The source takes acknowledgements.
  bool semi_sync() const { return semi_sync_; }
  // What was negotiated: events end with a CRC32 until a format description
  // says otherwise.
  bool checksums() const { return checksums_; }
  // Where the stream begins: the file asked for, or empty with a GTID set.
  const model::BinlogPosition& start() const { return start_; }
  // The end of the server's binlog when the stream was opened.
  const model::BinlogPosition& end_at_open() const { return end_at_open_; }
  const std::string& server_version() const { return server_version_; }
  bool mariadb() const { return mariadb_; }

 private:
  struct Session;
  explicit ReplicationConnection(const Options& options);

  absl::Status Connect();
  absl::Status ReadServer();
  absl::Status Configure();
  absl::Status ConfigureMariaDb();
  absl::Status ConfigureSemiSync();
  absl::Status Register();
  absl::Status Dump();
  std::string DumpByGtid(const model::GtidSet& set) const;
  absl::StatusOr<std::string> DumpByPosition();
  uint16_t flags() const;  // of the dump commands
  absl::Status WaitReadable(absl::Duration timeout);
  absl::Status Silent() const;
  absl::StatusOr<Bytes> EventOf(Bytes packet);

  const Options options_;
  const std::string replica_uuid_;
  const std::string server_;
  std::unique_ptr<Session> session_;
  std::atomic<bool> stopped_ = false;
  int socket_ = -1;  // own descriptor of the connection, for waiting and Stop()
  bool checksums_ = false;
  bool semi_sync_ = false;
  bool to_acknowledge_ = false;  // the last event
  std::string server_version_;
  bool mariadb_ = false;
  model::BinlogPosition start_;
  model::BinlogPosition end_at_open_;
  absl::Duration last_heard_;
};

}  // namespace dcp::mysql
