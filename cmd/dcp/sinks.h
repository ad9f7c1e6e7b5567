// The sinks that a configuration names, with what goes to each.
#pragma once

#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "alarm/alarm.h"
#include "alarm/dispatcher.h"
#include "alarm/masking.h"
#include "base/clock.h"
#include "config/config.h"

namespace dcp::cmd {

// Opens files, connects to nothing. `clock` outlives them.
//   kInvalidArgument  a URL, a template, a header or a file of certificates
//   kUnavailable      an alarm file cannot be opened
//   kDataLoss         what Alertmanager was told before cannot be read
absl::StatusOr<std::vector<alarm::Dispatcher::Route>> MakeRoutes(const config::Config& config,
                                                                 const Clock& clock,
                                                                 alarm::LogFunction log);

// What is not shown; keys of columns are looked for in `tables`, which outlives it.
alarm::Masks MakeMasks(const std::vector<config::MaskOptions>& options,
                       const model::TableRegistry* tables);

// What `severity` of checks and jobs says.
alarm::SeverityLimits MakeSeverityLimits(const config::Config& config);

// Gives every sink a test alarm and the `resolved` that ends it, whatever its
// routing says; writes one line per sink. True if all took them.
bool SendTestAlarms(const config::Config& config, const Clock& clock, std::ostream& out);

}  // namespace dcp::cmd
