#include "cmd/dcp/intake_keeper.h"

#include <optional>

#include "base/status.h"
#include "cmd/dcp/feed.h"
#include "collector/grpc/intake_place.h"

namespace dcp::cmd {
namespace {

// nullopt: one of them is not known, or they are not of one log.
std::optional<std::string> EarliestOf(const IntakeKeeper::Places& places) {
  std::optional<collector::IntakePlace> earliest;
  for (const auto& [pair, text] : places) {
    const auto place = collector::IntakePlace::Parse(text);
    if (!place.ok()) return std::nullopt;
    earliest = earliest ? collector::Earliest(*earliest, *place) : *place;
    if (!earliest) return std::nullopt;
  }
  return earliest ? std::optional(earliest->ToText()) : std::nullopt;
}

}  // namespace

IntakeKeeper::IntakeKeeper(const config::Config& config, model::OutcomeSink& next, Forget forget)
    : next_(next), forget_(std::move(forget)) {
  MutexLock lock(mu_);
  for (const config::CheckOptions& check : config.checks) {
    for (const model::Tag& target : check.targets) {
      const Pair pair(check.name, target.value());
      sources_.emplace(pair, check.source);
      for (const model::Tag& tag : {check.source, target}) {
        if (FeedOf(config, tag).durable()) kept_[tag][pair] = "";
      }
    }
  }
}

absl::Status IntakeKeeper::Put(model::Report& report) {
  DCP_RETURN_IF_ERROR(next_.Put(report));
  if (!report.update.state || !report.update.state->run) return absl::OkStatus();
  const Pair pair(report.check, report.target);
  const auto source = sources_.find(pair);
  if (source == sources_.end()) return absl::OkStatus();
  MutexLock lock(mu_);
  Note(source->second, pair, report.update.state->run->source_place);
  Note(model::Tag(report.target), pair, report.update.state->run->target_place);
  return absl::OkStatus();
}

void IntakeKeeper::Note(const model::Tag& tag, const Pair& pair, const std::string& place) {
  const auto kept = kept_.find(tag);
  if (kept == kept_.end()) return;
  std::string& known = kept->second[pair];
  if (known == place) return;
  known = place;
  const std::optional<std::string> earliest = EarliestOf(kept->second);
  if (earliest) forget_(tag, *earliest);
}

}  // namespace dcp::cmd
