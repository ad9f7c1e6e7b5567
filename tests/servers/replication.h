// Replication: native replication from one server to another, and waiting for it. A replica may
// have several, each in a channel of its own (a connection's name, MariaDB says).
//
// By GTID where both servers are of one flavour and have GTIDs on, otherwise by file and position:
// so MariaDB also replicates from MySQL 5.6.
//
// Thread-compatible. Both servers have to outlive it; it stops nothing when it ends.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/servers/mysql_server.h"

namespace dcp::test {

class Replication {
 public:
  Replication(MysqlServer& source, MysqlServer& replica, std::string channel = "")
      : source_(source), replica_(replica), channel_(std::move(channel)) {}

  // Makes the replica one of the source's and starts to replicate, from the source's first binlog.
  //   kInvalidArgument  the replica's flavour has no channels
  absl::Status Begin();

  absl::Status Stop();
  absl::Status Start();

  // Returns once the replica has applied all that the source had committed when it was called; a
  // query sees it.
  //   kDeadlineExceeded     not within `timeout`
  //   kFailedPrecondition   replication stopped with an error; the replica's own message
  absl::Status Wait(absl::Duration timeout = absl::Seconds(60));

 private:
  bool ByGtid() const;
  absl::StatusOr<std::string> WaitStatement();
  absl::Status Tell(const char* statement);

  MysqlServer& source_;
  MysqlServer& replica_;
  const std::string channel_;
};

// The error that stopped a thread of one of the replica's channels, OK where there is none.
absl::Status CheckReplica(MysqlServer& replica);

// Ends all replication into the server and forgets where it came from.
absl::Status ForgetSources(MysqlServer& replica);

}  // namespace dcp::test
