// DcpProcess: the program itself, run as a user would run it, and the alarms that
// it writes. For integration tests.
//
// Thread-compatible; it ends with the test, and is a failure of it where an alarm that it wrote is
// not as the manual's schema says.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/cmd/config_toml.h"
#include "tests/servers/mysql_server.h"
#include "tests/servers/process.h"
#include "tests/support/test_dir.h"

namespace dcp::test {

using Alarm = nlohmann::json;

// Of a line that dcp wrote. It is a failure where the manual's schema does not allow it.
Alarm ParseAlarm(const std::string& line);

// What a program that ends by itself said and how it ended.
struct ProgramResult {
  int exit_code = -1;
  std::string output;  // standard output and standard error
};
// Runs the dcp program to its end. kDeadlineExceeded: it did not end in time and was killed.
absl::StatusOr<ProgramResult> RunDcp(const std::vector<std::string>& args,
                                     absl::Duration timeout = absl::Seconds(60));

// Runs a line of a shell, in which `dcp` is the program and MYSQL_PWD the password.
absl::StatusOr<ProgramResult> RunInShell(const std::string& line,
                                         absl::Duration timeout = absl::Seconds(60));

// "127.0.0.1:PORT" of a port that was free a moment ago.
std::string FreeAddress();

void WriteFile(const std::string& path, const std::string& content);
std::string ReadFile(const std::string& path);

class DcpProcess {
 public:
  // All that it has written is validated by then.
  ~DcpProcess();

  // Runs `dcp run` with `config`, to which a file sink for all types of alarms is
  // added. Returns once it says that it is ready.
  //   kFailedPrecondition  it ended instead; the message has what it said
  static absl::StatusOr<std::unique_ptr<DcpProcess>> Start(
      const std::string& config, const std::vector<std::string>& environment = {});
  // The same, not yet running: see StartAgain(). `state`: more lines for [state].
  static std::unique_ptr<DcpProcess> Prepare(const std::string& config,
                                             const std::string& state = "");

  // All alarms so far, in order.
  std::vector<Alarm> alarms() const;

  using Predicate = std::function<bool(const Alarm&)>;
  // The first alarm, from number `from` on, for which `wanted` holds; waits for it.
  //   kDeadlineExceeded  none came; the message has the alarms that did
  absl::StatusOr<Alarm> Await(const Predicate& wanted, size_t from = 0,
                              absl::Duration timeout = absl::Seconds(60));
  // Waits until the check has judged the barrier after the one that drc.barrier of `source` holds
  // now, in the row that cuts the check: everything committed there before is decided.
  absl::Status AwaitJudged(MysqlServer& source, const std::string& check,
                           absl::Duration timeout = absl::Seconds(60), uint32_t barrier_id = 1);

  // SIGTERM, and the exit status.
  absl::StatusOr<int> Stop();
  // SIGTERM, and the same anew: the same configuration and state, and the alarms go on. Returns as
  // Start does.
  //   kFailedPrecondition  it did not end with status 0, or does not start
  absl::Status Restart();
  // The same by SIGKILL.
  absl::Status KillAndRestart();
  // The second half of Restart(), for what happens while it does not run. REQUIRES: Stop()
  absl::Status StartAgain() { return Launch(); }
  // Runs it to its end by SIGKILL at a fault point (base/fault_point.h), ready or not before.
  // REQUIRES: it does not run
  //   kDeadlineExceeded    it did not come there; it was killed
  //   kFailedPrecondition  it ended by itself
  absl::Status RunToFaultPoint(const std::string& point,
                               absl::Duration timeout = absl::Seconds(120));
  void Kill() { process_->Kill(); }
  // NAME=VALUE, for what is started from now on.
  void set_environment(std::vector<std::string> environment) {
    environment_ = std::move(environment);
  }
  bool running() { return process_->running(); }
  pid_t pid() const { return process_->pid(); }
  std::string log() const { return ReadFile(dir_ / "dcp.log"); }
  const TestDir& dir() const { return dir_; }

 private:
  DcpProcess() : dir_("dcp-run") {}
  absl::Status Spawn(const std::vector<std::string>& environment);
  absl::Status Launch();
  absl::Status AwaitReady(size_t log_before);

  TestDir dir_;
  std::vector<std::string> environment_;
  std::optional<Process> process_;
  mutable size_t validated_ = 0;  // alarms, by the schema
};

// Alarms of one type, and of one kind of difference.
DcpProcess::Predicate OfType(const std::string& type);
DcpProcess::Predicate DiffOf(const std::string& kind, const std::string& table,
                             const std::string& key_json);

}  // namespace dcp::test
