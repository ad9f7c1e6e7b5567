// MysqlServer: a real server, MySQL or MariaDB, in a throw-away directory under $TMPDIR, on a free
// port of 127.0.0.1. It ends with the test program, however that ends.
//
// Users: root without a password, and dcp (password dcp) with REPLICATION SLAVE, REPLICATION
// CLIENT (MariaDB: BINLOG MONITOR, SLAVE MONITOR), SELECT, and all rights on the database drc; both
// over TCP and over the socket.
//
// Thread-safe, except Restart, Stop and Kill. Start and Restart it from a thread that outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "tests/servers/flavour.h"
#include "tests/servers/process.h"
#include "tests/servers/session.h"

namespace dcp::test {

struct MysqlOptions {
  Flavour flavour = Flavour::kMysql97;
  std::string name = "server";  // of its directory, where a failed test's log is found
  uint32_t server_id = 1;
  // MySQL's gtid_mode and enforce_gtid_consistency; and whether replication goes by GTID.
  bool gtid = true;
  uint32_t gtid_domain_id = 0;               // MariaDB's
  std::vector<std::string> extra_args = {};  // such as "--binlog-row-metadata=FULL"; the last word

  bool operator==(const MysqlOptions&) const = default;
};

class MysqlServer {
 public:
  // Takes about 1.5 s (MySQL 9.7) or 0.2 to 0.3 s (MySQL 5.6, MariaDB). The server's programs are
  // fetched before, once per machine, by tests/servers/fetch.
  //   kInvalidArgument  an option that the flavour does not have
  //   kUnavailable  they cannot be had, or the server does not start; the reason is told, with the
  //                 end of the log
  static absl::StatusOr<std::unique_ptr<MysqlServer>> Start(MysqlOptions options);

  // Ends the server and removes its directory; where a test has failed its log and binlogs stay
  // and are named on standard error.
  ~MysqlServer();
  MysqlServer(const MysqlServer&) = delete;
  MysqlServer& operator=(const MysqlServer&) = delete;

  uint16_t port() const { return port_; }
  const MysqlOptions& options() const { return options_; }
  const FlavourWords& words() const { return WordsOf(options_.flavour); }
  std::string socket() const { return dir_ + "/mysqld.sock"; }
  std::string log_path() const { return dir_ + "/error.log"; }
  std::string data_dir() const { return dir_ + "/data"; }
  std::string binlog_dir() const { return dir_ + "/binlog"; }  // binlog.000001 …
  std::string temporary_dir() const { return dir_ + "/tmp"; }
  std::string mysqlbinlog() const { return programs_ + "/bin/mysqlbinlog"; }
  pid_t pid() const { return process_.has_value() ? process_->pid() : 0; }

  // As root, on one session that all callers share; it is opened again after a restart.
  // Errors as Session's.
  absl::Status Execute(const std::string& sql) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<Rows> Query(const std::string& sql) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<Table> QueryTable(const std::string& sql) ABSL_LOCKS_EXCLUDED(mu_);
  // The first value; kNotFound where there is none, or NULL.
  absl::StatusOr<std::string> QueryValue(const std::string& sql) ABSL_LOCKS_EXCLUDED(mu_);

  // A session of the caller's own, as root.
  absl::StatusOr<std::unique_ptr<Session>> Connect() const;

  // Ends it cleanly and starts it on the same port and data, with `extra_args` after those of the
  // options.
  absl::Status Restart(const std::vector<std::string>& extra_args = {});

  // Ends it cleanly. Restart starts it again.
  absl::Status Stop();

  // Ends it as kill -9 does. Restart starts it again.
  void Kill();

 private:
  MysqlServer(MysqlOptions options, std::string programs, std::string dir)
      : options_(std::move(options)), programs_(std::move(programs)), dir_(std::move(dir)) {}
  std::vector<std::string> Arguments(const std::vector<std::string>& extra_args) const;
  absl::Status StartOnFreePort();
  absl::Status Launch(const std::vector<std::string>& extra_args);
  absl::Status AwaitReady();
  absl::Status CheckReady() const;
  absl::Status StartError(const std::string& what) const;
  absl::Status EndBinlogDumps() ABSL_LOCKS_EXCLUDED(mu_);
  void ForgetSession() ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<Session*> SharedSession() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after Start.
  const MysqlOptions options_;
  const std::string programs_;  // what tests/servers/fetch printed
  const std::string dir_;
  uint16_t port_ = 0;

  std::optional<Process> process_;

  Mutex mu_;
  std::unique_ptr<Session> session_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::test
