// What a run over files comes to: the closing summary, and the exit status.
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "cmd/dcp/check_runner.h"
#include "collector/mysql/mysql_collector.h"

namespace dcp::cmd {

struct ClosedPair {
  std::string check, source;
  CheckRunner::TargetStatus status;
};

struct ClosedStream {
  std::string collector;
  collector::MysqlCollectorStatus status;
};

struct Closing {
  struct Line {
    std::string text;
    bool good = true;
  };
  std::vector<Line> lines;
  // kExitOk: all that lies between the first and the last barrier that both sides have is `same`,
  // and there is some. Else kExitDifferent: differences, or something is not verified.
  int exit_code = 0;
};

// REQUIRES: all streams have ended, and what came of them is judged
Closing CloseRun(const std::vector<ClosedPair>& pairs, const std::vector<ClosedStream>& streams);

}  // namespace dcp::cmd
