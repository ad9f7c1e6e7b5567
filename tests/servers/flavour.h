// Flavours of servers, and the words that each has for the same thing. What differs between the
// servers stands in the table of flavour.cc and nowhere else.
//
// Thread-safe: constants.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace dcp::test {

enum class Flavour { kMysql97, kMysql56, kMariaDb };

constexpr Flavour kAllFlavours[] = {Flavour::kMysql97, Flavour::kMysql56, Flavour::kMariaDb};

// MariaDB's slave_parallel_mode.
enum class ParallelMode { kNone, kConservative, kOptimistic, kAggressive };

// How a replica applies. What a flavour does not have is ignored: MySQL 5.6 has no commit order and
// its workers share the work by database; MariaDB keeps the commit order of each GTID domain
// always.
struct Applier {
  int workers = 4;  // 1: one thread applies
  bool preserve_commit_order = true;
  ParallelMode parallel_mode = ParallelMode::kOptimistic;

  bool operator==(const Applier&) const = default;
};

// A thread of a replica, as columns of FlavourWords::replica_errors: `error` counts where `running`
// is No.
struct ReplicaThread {
  const char* running;
  const char* error;
};

// Statements are templates for absl::Substitute; $channel below stands for what InChannel() gives.
struct FlavourWords {
  const char* name;   // for people
  const char* fetch;  // of its programs: the argument of tests/servers/fetch; and of its .cnf

  // Arguments of the server.
  std::vector<std::string> gtid_on;
  std::vector<std::string> gtid_off;
  const char* gtid_domain;  // $0 the number; nullptr where GTIDs have no domain
  std::vector<std::string> (*applier)(const Applier&);

  // Queries of one server.
  const char* global_variables;  // name, value; without those that no test can set
  const char* binlog_dumps;      // the connections that read the binlog
  const char* binlog_position;   // file, position
  const char* executed_gtids;    // one value
  const char* logged_gtids;      // one value: those in its binlogs, or the last of each server
  // $0 an earlier value of logged_gtids; one value: those since, or only the session's last one.
  const char* new_gtids;
  const char* server_in_gtids;  // one value: what stands in all GTIDs of the server's own
  const char* reset_binlog;

  // Native replication.
  const char* channel;   // $0 its name; nullptr where there is only the one without a name
  const char* channels;  // query: the names of those there are
  const char* change;    // $0 $channel, $1 the source's port, $2 one of the next two
  const char* by_gtid;
  const char* by_position;  // from the first binlog's start
  const char* start;        // $0 $channel
  const char* stop;         // $0 $channel
  const char* stop_all;
  const char* stop_applier;  // of the channel without a name; it still fetches
  const char* start_applier;
  const char* forget;  // $0 $channel
  // Queries that wait for a moment, and give 0 or more when it is applied and can be seen. By
  // GTID: $0 a value of executed_gtids; nullptr where nothing tells that by GTID.
  const char* await_gtids;
  // $0 file, $1 position, $2 the channel's name.
  const char* await_position;
  const char* replica_errors;  // query
  std::vector<ReplicaThread> replica_threads;
};

const FlavourWords& WordsOf(Flavour flavour);

// The part of a statement that names a channel; empty where the flavour has no channels.
std::string InChannel(const FlavourWords& words, const std::string& channel);

// A name for tests: letters and digits only.
std::string NameOf(Flavour flavour);
std::ostream& operator<<(std::ostream& out, Flavour flavour);

}  // namespace dcp::test
