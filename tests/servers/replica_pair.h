// ReplicaPair: two MySQL servers, the second a replica of the first: native replication with GTIDs
// and auto-position.
//
// Thread-compatible.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/servers/mysql_server.h"

namespace dcp::test {

struct ReplicaPairOptions {
  MysqlOptions source{.name = "source", .server_id = 101};
  MysqlOptions replica{.name = "replica", .server_id = 102};
  int workers = 4;  // appliers of the replica
  bool preserve_commit_order = true;
};

class ReplicaPair {
 public:
  // Starts both and the replication. Errors as MysqlServer::Start.
  static absl::StatusOr<std::unique_ptr<ReplicaPair>> Start(ReplicaPairOptions options);

  MysqlServer& source() { return *source_; }
  MysqlServer& replica() { return *replica_; }

  absl::Status StopReplication();
  absl::Status StartReplication();

  // Returns once the replica has applied all that the source had committed when it was called.
  //   kDeadlineExceeded     not within `timeout`
  //   kFailedPrecondition   replication stopped with an error; the replica's own message
  absl::Status WaitForReplica(absl::Duration timeout = absl::Seconds(60));

  // Makes both as they were at the start: no databases, empty binlogs, no GTIDs, no prepared XA
  // transaction, global variables as started, replication running. Starts a server that is stopped.
  // Sessions that hold locks have to be gone.
  absl::Status Reset();

 private:
  ReplicaPair(std::unique_ptr<MysqlServer> source, std::unique_ptr<MysqlServer> replica)
      : source_(std::move(source)), replica_(std::move(replica)) {}
  absl::Status PointReplicaAtSource();
  absl::Status CheckReplication();

  const std::unique_ptr<MysqlServer> source_;
  const std::unique_ptr<MysqlServer> replica_;
  Rows source_variables_;
  Rows replica_variables_;
};

// What Reset does to one server that replicates from nobody.
absl::StatusOr<Rows> GlobalVariables(MysqlServer& server);
absl::Status ResetServer(MysqlServer& server, const Rows& variables);

}  // namespace dcp::test
