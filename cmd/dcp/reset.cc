#include "cmd/dcp/reset.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::cmd {
namespace {

absl::Status ForgetRun(const std::string& check, const std::string& target, absl::Time now,
                       state::StateStore& state) {
  DCP_ASSIGN_OR_RETURN(std::optional<model::StoredPair> stored, state.Load(check, target));
  if (!stored || !stored->state.run) return absl::OkStatus();  // nothing to forget
  stored->state.run.reset();
  stored->state.lost_reason = "reset";
  stored->state.lost_detail =
      absl::StrCat("the check was told to begin anew at ",
                   absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()));
  model::Report report;
  report.check = check;
  report.target = target;
  report.at = now;
  report.update.state = std::move(stored->state);
  return state.Append(report, {});
}

}  // namespace

absl::Status ForgetRuns(const config::Config& config, const std::set<std::string>& checks,
                        absl::Time now, state::StateStore& state) {
  for (const config::CheckOptions& check : config.checks) {
    if (!checks.contains(check.name)) continue;
    for (const model::Tag& target : check.targets) {
      DCP_RETURN_IF_ERROR(ForgetRun(check.name, target.value(), now, state));
    }
  }
  return state.MakeDurable();
}

}  // namespace dcp::cmd
