// ReplicaPair: two servers, the second a replica of the first by native replication; and FanIn:
// several sources of one replica.
//
// Thread-compatible.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/servers/mysql_server.h"
#include "tests/servers/replication.h"

namespace dcp::test {

struct ReplicaPairOptions {
  MysqlOptions source{.name = "source", .server_id = 101};
  MysqlOptions replica{.name = "replica", .server_id = 102};
  Applier applier = {};
  // Dual masters: the source replicates from the replica too, with the same kind of applier. With
  // MariaDB give each a gtid_domain_id.
  bool circular = false;

  bool operator==(const ReplicaPairOptions&) const = default;
};

// A pair of one flavour; the rest as by default.
ReplicaPairOptions PairOf(Flavour flavour, Applier applier = {});

class ReplicaPair {
 public:
  // Starts both and the replication. Errors as MysqlServer::Start.
  static absl::StatusOr<std::unique_ptr<ReplicaPair>> Start(ReplicaPairOptions options);

  MysqlServer& source() { return *source_; }
  MysqlServer& replica() { return *replica_; }

  // From the source to the replica.
  absl::Status StopReplication() { return forth_.Stop(); }
  absl::Status StartReplication() { return forth_.Start(); }

  // As Replication::Wait.
  absl::Status WaitForReplica(absl::Duration timeout = absl::Seconds(60)) {
    return forth_.Wait(timeout);
  }
  // The other way. REQUIRES: circular.
  absl::Status WaitForSource(absl::Duration timeout = absl::Seconds(60)) {
    return back_.Wait(timeout);
  }

  // Makes both as they were at the start: no databases, empty binlogs, no GTIDs, no prepared XA
  // transaction, global variables as started, replication running. Starts a server that is stopped.
  // Sessions that hold locks have to be gone.
  absl::Status Reset();

 private:
  ReplicaPair(std::unique_ptr<MysqlServer> source, std::unique_ptr<MysqlServer> replica,
              bool circular)
      : source_(std::move(source)),
        replica_(std::move(replica)),
        circular_(circular),
        forth_(*source_, *replica_),
        back_(*replica_, *source_) {}
  absl::Status BeginReplication();

  const std::unique_ptr<MysqlServer> source_;
  const std::unique_ptr<MysqlServer> replica_;
  const bool circular_;
  Replication forth_;
  Replication back_;
  Rows source_variables_;
  Rows replica_variables_;
};

struct FanInOptions {
  // With MariaDB give each a gtid_domain_id.
  std::vector<MysqlOptions> sources = {{.name = "source1", .server_id = 101},
                                       {.name = "source2", .server_id = 102}};
  MysqlOptions replica{.name = "replica", .server_id = 109};
  Applier applier = {};
};

// Two sources of one flavour, in GTID domains of their own.
FanInOptions FanInOf(Flavour flavour, Applier applier = {});

class FanIn {
 public:
  // Starts all and the replication: source i in channel "source<i + 1>". Errors as
  // MysqlServer::Start.
  //   kInvalidArgument  the replica's flavour has no channels
  static absl::StatusOr<std::unique_ptr<FanIn>> Start(FanInOptions options);

  MysqlServer& source(size_t i) { return *sources_[i]; }
  MysqlServer& replica() { return *replica_; }
  Replication& channel(size_t i) { return channels_[i]; }

  // As Replication::Wait, for all channels in turn.
  absl::Status WaitForReplica(absl::Duration timeout = absl::Seconds(60));

 private:
  FanIn() = default;

  std::vector<std::unique_ptr<MysqlServer>> sources_;
  std::unique_ptr<MysqlServer> replica_;
  std::vector<Replication> channels_;
};

// What Reset does to one server; its replication is forgotten.
absl::StatusOr<Rows> GlobalVariables(MysqlServer& server);
absl::Status ResetServer(MysqlServer& server, const Rows& variables);

}  // namespace dcp::test
