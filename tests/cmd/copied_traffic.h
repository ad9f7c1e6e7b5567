// Traffic that a writer copies within one server, as gravity's own tests do it: each
// transaction soon again in another database, and barriers between.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "tests/cmd/traffic.h"
#include "tests/servers/mysql_server.h"

namespace dcp::test {

// Writes the barriers, such that no copy is overtaken by two of them, however slow the
// machine is.
//
// Start and Stop by one thread; InFlight by any.
class Pacemaker {
 public:
  explicit Pacemaker(MysqlServer& server) : server_(server) {}
  ~Pacemaker() { Stop().IgnoreError(); }

  absl::Status Start();
  // The error that ended it before.
  absl::Status Stop();

  // Around a change and its copy.
  class InFlight {
   public:
    explicit InFlight(Pacemaker& pacemaker);
    ~InFlight();
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

   private:
    Pacemaker& pacemaker_;
    std::multiset<uint64_t>::iterator since_;
  };

 private:
  void Work();
  bool AwaitTurn();

  MysqlServer& server_;
  std::unique_ptr<Session> session_;
  std::thread thread_;
  absl::Status status_;  // of the thread; read behind it

  Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t done_ ABSL_GUARDED_BY(mu_) = 0;
  // How many barriers were done when the changes in flight began.
  std::multiset<uint64_t> in_flight_ ABSL_GUARDED_BY(mu_);
};

// Sessions, one per writer, that do its transactions again in another database.
//
// Copy: one thread per writer.
class Copiers {
 public:
  Copiers(MysqlServer& server, const TrafficOptions& options, std::string database);

  // Until it is done.
  absl::Status Copy(int writer, const TrafficTransaction& transaction);

 private:
  absl::StatusOr<std::unique_ptr<Session>> Open(MysqlServer& server) const;

  const std::string database_;
  std::vector<absl::StatusOr<std::unique_ptr<Session>>> sessions_;
};

}  // namespace dcp::test
