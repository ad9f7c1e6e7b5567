// Which tables of checks a job compares as a whole. Pure.
#pragma once

#include <string>
#include <vector>

#include "cmd/dcp/inspect.h"
#include "config/config.h"
#include "model/tag.h"
#include "verifier/job_tables.h"

namespace dcp::cmd {

// A check and target whose both streams come from the servers of a job.
struct CoveredPair {
  const config::CheckOptions* check = nullptr;
  model::Tag target;
};
std::vector<CoveredPair> CoveredPairs(const config::Config& config, const config::JobOptions& job);

// The check's name of the table that `task` compares: all physical tables of it on both sides, of
// `tags` as they were inspected, and no column of it left out that the check compares. Empty: there
// is none. REQUIRES: the pair is one of CoveredPairs()
std::string CoveredTable(const config::Config& config, const std::vector<InspectedTag>& tags,
                         const CoveredPair& pair, const verifier::TableTask& task);

}  // namespace dcp::cmd
