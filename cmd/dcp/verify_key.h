// `dcp verify --check C --key K`: which tables, on which servers, hold one row of a check.
#pragma once

#include "absl/status/statusor.h"
#include "cmd/dcp/command_line.h"
#include "config/config.h"
#include "verifier/verification.h"

namespace dcp::cmd {

// `command.key` as findings and alarms show it: shop.orders[42,"eu"].
//   kNotFound            no such check or target
//   kInvalidArgument     the check has several targets and none is named; no key of a table
//   kFailedPrecondition  a side is pushed or read from files, or several of the target's tables are
//                        the table
absl::StatusOr<verifier::VerificationOptions> OptionsOfKey(const config::Config& config,
                                                           const VerifyCommand& command);

}  // namespace dcp::cmd
