#include "cmd/dcp/resume.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "cmd/dcp/feed.h"
#include "model/digest.h"

namespace dcp::cmd {
namespace {

using collector::StreamPlace;

std::string TagRules(const Feed& feed) {
  if (feed.pushed()) return "pushed";
  std::string rules;
  for (const config::TableRule& rule : feed.mysql_tag->tables) {
    absl::StrAppend(&rules, rule.match, "\n", rule.as, "\n",
                    absl::StrJoin(rule.ignore_columns, ","), "\n");
  }
  return rules;
}

// The two parts of RulesOf(): what the states of keys depend on, and what is looked back over.
std::string RowRules(const config::Config& config, const config::CheckOptions& check,
                     const model::Tag& target) {
  return model::ToHex(model::Xxh3(absl::StrCat(static_cast<int>(check.compare), ";",
                                               TagRules(FeedOf(config, check.source)), ";",
                                               TagRules(FeedOf(config, target)))));
}
std::string LookBackRules(const config::CheckOptions& check) {
  return absl::StrCat("align ", static_cast<int>(check.align), " lateness ", check.lateness,
                      " history ", check.history);
}

// Where the collectors begin: what a plan has of that.
struct Places {
  std::map<std::string, StreamPlace> mysql;              // by collector
  std::map<std::string, collector::IntakePlace> pushed;  // by tag
};

template <typename Place>
absl::Status Want(const std::string& name, const Place& place,
                  std::map<std::string, Place>* places) {
  const auto [it, inserted] = places->emplace(name, place);
  if (inserted) return absl::OkStatus();
  const std::optional<Place> earliest = Earliest(it->second, place);
  if (!earliest) {
    return absl::FailedPreconditionError(absl::StrCat(
        "collector ", name, " cannot begin where this check and another one need it to"));
  }
  it->second = *earliest;
  return absl::OkStatus();
}

// One side of a run is to begin at `place`.
absl::Status Want(const Feed& feed, const model::Tag& tag, const std::string& place,
                  Places* places) {
  if (feed.durable()) {
    DCP_ASSIGN_OR_RETURN(const collector::IntakePlace parsed, collector::IntakePlace::Parse(place));
    return Want(tag.value(), parsed, &places->pushed);
  }
  if (feed.pushed()) {
    return absl::FailedPreconditionError("what was pushed before cannot be read again");
  }
  if (feed.mysql->start.kind != config::StartPoint::Kind::kResume) {
    return absl::FailedPreconditionError(
        absl::StrCat("collector ", feed.mysql->name, " has a start of its own"));
  }
  DCP_ASSIGN_OR_RETURN(const StreamPlace parsed, StreamPlace::Parse(place));
  return Want(feed.mysql->name, parsed, &places->mysql);
}

class Planner {
 public:
  Planner(const config::Config& config, model::PairStates& states)
      : config_(config), states_(states) {}

  absl::StatusOr<ResumePlan> Plan() {
    for (const config::CheckOptions& check : config_.checks) {
      for (const model::Tag& target : check.targets) DCP_RETURN_IF_ERROR(Add(check, target));
    }
    plan_.places = std::move(places_.mysql);
    plan_.pushed = std::move(places_.pushed);
    for (const auto& [collector, place] : plan_.places) {
      plan_.lines.push_back(
          absl::StrCat("collector ", collector, ": going on from ", place.start.Describe()));
    }
    return std::move(plan_);
  }

 private:
  absl::Status Add(const config::CheckOptions& check, const model::Tag& target) {
    DCP_ASSIGN_OR_RETURN(std::optional<model::StoredPair> stored,
                         states_.Load(check.name, target.value()));
    if (!stored) return absl::OkStatus();
    if (stored->state.run) {
      const absl::Status taken_up = TakeUp(check, target, stored->state);
      if (!taken_up.ok()) GiveUp(check, target, taken_up, &stored->state);
    }
    if (!absl::StartsWith(stored->state.rules, RowRules(config_, check, target))) {
      plan_.lines.push_back(absl::StrCat("check ", check.name, " with target ", target.value(),
                                         ": its tables or columns are not those of the last run"));
      for (model::OpenFinding& finding : stored->findings) {
        finding.source = finding.target = model::Version::Unknown();
      }
    }
    plan_.pairs.emplace(ResumePlan::Pair(check.name, target.value()), *std::move(stored));
    return absl::OkStatus();
  }

  absl::Status TakeUp(const config::CheckOptions& check, const model::Tag& target,
                      const model::PairState& state) {
    if (!absl::EndsWith(state.rules, LookBackRules(check))) {
      return absl::FailedPreconditionError("its align, lateness or history was another one");
    }
    const model::RunState& run = *state.run;
    Places places = places_;
    DCP_RETURN_IF_ERROR(
        Want(FeedOf(config_, check.source), check.source, run.source_place, &places));
    DCP_RETURN_IF_ERROR(Want(FeedOf(config_, target), target, run.target_place, &places));
    places_ = std::move(places);
    return absl::OkStatus();
  }

  void GiveUp(const config::CheckOptions& check, const model::Tag& target, const absl::Status& why,
              model::PairState* state) {
    state->run.reset();
    state->lost_reason = "restart";
    state->lost_detail = absl::StrCat("dcp was not running: ", absl::string_view(why.message()));
    plan_.lines.push_back(absl::StrCat("check ", check.name, " with target ", target.value(),
                                       ": begins anew behind barrier ", state->said_to, ": ",
                                       absl::string_view(why.message())));
  }

  const config::Config& config_;
  model::PairStates& states_;
  ResumePlan plan_;
  Places places_;
};

}  // namespace

std::string RulesOf(const config::Config& config, const config::CheckOptions& check,
                    const model::Tag& target) {
  return absl::StrCat(RowRules(config, check, target), " ", LookBackRules(check));
}

absl::StatusOr<ResumePlan> PlanResume(const config::Config& config, model::PairStates& states) {
  return Planner(config, states).Plan();
}

}  // namespace dcp::cmd
