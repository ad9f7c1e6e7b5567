// Exit statuses of the program (docs: README, "Exit status"). Those of `verify`,
// `repair` and `wait` are their own.
#pragma once

namespace dcp::cmd {

enum ExitCode : int {
  kExitOk = 0,
  kExitError = 1,      // an error while working
  kExitDifferent = 2,  // `run --until-end`: differences, or something is not verified
  kExitUsage = 64,     // wrong usage of the command line
  kExitConfig = 78,    // configuration, connection, setting or privilege wrong at start
};

}  // namespace dcp::cmd
