// From what the configuration says to what the parts are asked to do. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "barrier/barrier_pulse.h"
#include "checker/options.h"
#include "cmd/dcp/binlog_opener.h"
#include "collector/mysql/start_point.h"
#include "collector/mysql/tag_options.h"
#include "config/config.h"
#include "mysql/event_decoder.h"
#include "verifier/table_rule.h"

namespace dcp::cmd {

// How long the check's source may be without a barrier (docs/alarms.md).
absl::Duration SilenceLimit(const config::Config& config, const config::CheckOptions& check);
barrier::PulseOptions ToPulseOptions(const config::BarrierOptions& barrier);
checker::PairOptions ToPairOptions(const config::CheckOptions& check, const model::Tag& target);
collector::MysqlTag ToMysqlTag(const config::MysqlTagOptions& tag);
std::vector<verifier::TableRule> ToVerifierRules(const config::MysqlTagOptions& tag);
// `resume`: now, for a collector that has nothing to go on from.
collector::StartPoint ToStartPoint(const config::StartPoint& start);

// All but what is wanted of it.
BinlogServers ToBinlogServers(const config::MysqlCollectorOptions& collector);

// The tables that some of `tags` takes, and the barrier's.
// Errors as TableRouter::Create.
absl::StatusOr<mysql::TableFilter> MakeTableFilter(const std::vector<collector::MysqlTag>& tags);

}  // namespace dcp::cmd
