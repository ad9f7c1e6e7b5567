#include "cmd/dcp/intake_keeper.h"

#include <optional>

#include "base/status.h"
#include "collector/grpc/intake_place.h"

namespace dcp::cmd {
namespace {

// nullopt: one of them is not known, or they are not of one log.
std::optional<std::string> EarliestOf(
    const std::map<std::pair<std::string, std::string>, std::string>& places) {
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
  for (const config::GrpcCollectorOptions& collector : config.grpc_collectors) {
    if (collector.ack != config::Ack::kDurable) continue;
    for (const model::Tag& tag : collector.tags) tags_[tag.value()] = {tag, {}};
  }
  for (const config::CheckOptions& check : config.checks) {
    for (const model::Tag& target : check.targets) {
      for (const std::string& tag : {check.source.value(), target.value()}) {
        const auto kept = tags_.find(tag);
        if (kept != tags_.end()) kept->second.places[{check.name, target.value()}] = "";
      }
    }
  }
}

absl::Status IntakeKeeper::Put(const model::Report& report) {
  DCP_RETURN_IF_ERROR(next_.Put(report));
  if (!report.update.state || !report.update.state->run) return absl::OkStatus();
  const model::RunState& run = *report.update.state->run;
  MutexLock lock(mu_);
  if (tags_.empty()) return absl::OkStatus();
  for (const model::Outcome& outcome : report.outcomes) {
    const auto* verdict = std::get_if<model::Verdict>(&outcome);
    if (verdict == nullptr) continue;
    const Pair pair(report.check, report.target);
    Note(verdict->head.source, pair, run.source_place);
    Note(report.target, pair, run.target_place);
    break;
  }
  return absl::OkStatus();
}

void IntakeKeeper::Note(const std::string& tag, const Pair& pair, const std::string& place) {
  const auto kept = tags_.find(tag);
  if (kept == tags_.end()) return;
  std::string& known = kept->second.places[pair];
  if (known == place) return;
  known = place;
  const std::optional<std::string> earliest = EarliestOf(kept->second.places);
  if (earliest) forget_(kept->second.tag, *earliest);
}

}  // namespace dcp::cmd
