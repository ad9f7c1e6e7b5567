// ChildProcess: a command in a process group of its own, fed and read without ever
// blocking for longer than asked.
//
// Thread-confined.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace dcp::alarm {

class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> command = {};  // found by PATH; never empty
    std::vector<std::string> environment;   // "NAME=value": all that it gets
    std::string input;                      // for its standard input
    size_t max_output = 4096;
  };

  //   kUnavailable  it cannot be started
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(Options options);
  // Kills what still runs of it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Feeds and reads it for at most `patience`; true once it has ended, and then all
  // of its group has.
  bool Pump(absl::Duration patience);

  // To all of its group.
  void Signal(int signal);

  // "exit status 3", "signal 9"; "" for exit status 0. REQUIRES: Pump() said true.
  std::string Failure() const;

  // What it has written on both streams; its first `max_output` bytes.
  const std::string& output() const { return output_; }
  bool output_cut() const { return output_cut_; }

 private:
  ChildProcess(Options options, pid_t pid, int input, int output);
  void Feed();
  void Read();
  void CloseInput();
  bool Reap();

  const Options options_;
  const pid_t pid_;
  int input_, output_fd_;  // -1: closed
  size_t fed_ = 0;
  std::string output_;
  bool output_cut_ = false;
  std::optional<int> wait_status_;
};

}  // namespace dcp::alarm
