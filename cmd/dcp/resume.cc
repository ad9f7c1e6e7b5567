#include "cmd/dcp/resume.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "model/digest.h"

namespace dcp::cmd {
namespace {

using collector::StreamPlace;

struct Feed {
  const config::MysqlCollectorOptions* collector = nullptr;  // null: pushed
  const config::MysqlTagOptions* tag = nullptr;
};

Feed FindFeed(const config::Config& config, const model::Tag& tag) {
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    for (const config::MysqlTagOptions& candidate : collector.tags) {
      if (candidate.tag == tag) return {&collector, &candidate};
    }
  }
  return {};
}

std::string TagRules(const Feed& feed) {
  if (feed.tag == nullptr) return "pushed";
  std::string rules;
  for (const config::TableRule& rule : feed.tag->tables) {
    absl::StrAppend(&rules, rule.match, "\n", rule.as, "\n",
                    absl::StrJoin(rule.ignore_columns, ","), "\n");
  }
  return rules;
}

// Where one side of a run begins, and which collector has to.
struct Beginning {
  std::string collector;
  StreamPlace place;
};

absl::StatusOr<Beginning> BeginningOf(const Feed& feed, const std::string& place) {
  if (feed.collector == nullptr) {
    return absl::FailedPreconditionError("what was pushed before cannot be read again");
  }
  if (feed.collector->start.kind != config::StartPoint::Kind::kResume) {
    return absl::FailedPreconditionError(
        absl::StrCat("collector ", feed.collector->name, " has a start of its own"));
  }
  DCP_ASSIGN_OR_RETURN(StreamPlace parsed, StreamPlace::Parse(place));
  return Beginning{feed.collector->name, std::move(parsed)};
}

class Planner {
 public:
  Planner(const config::Config& config, model::PairStates& states)
      : config_(config), states_(states) {}

  absl::StatusOr<ResumePlan> Plan() {
    for (const config::CheckOptions& check : config_.checks) {
      for (const model::Tag& target : check.targets) DCP_RETURN_IF_ERROR(Add(check, target));
    }
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
      const absl::Status taken_up = TakeUp(check, target, *stored->state.run);
      if (!taken_up.ok()) GiveUp(check, target, taken_up, &stored->state);
    }
    if (stored->state.rules != RulesOf(config_, check, target)) {
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
                      const model::RunState& run) {
    DCP_ASSIGN_OR_RETURN(const Beginning source,
                         BeginningOf(FindFeed(config_, check.source), run.source_place));
    DCP_ASSIGN_OR_RETURN(const Beginning to,
                         BeginningOf(FindFeed(config_, target), run.target_place));
    auto places = plan_.places;
    DCP_RETURN_IF_ERROR(Want(source, &places));
    DCP_RETURN_IF_ERROR(Want(to, &places));
    plan_.places = std::move(places);
    return absl::OkStatus();
  }

  static absl::Status Want(const Beginning& beginning, std::map<std::string, StreamPlace>* places) {
    const auto [it, inserted] = places->emplace(beginning.collector, beginning.place);
    if (inserted) return absl::OkStatus();
    const std::optional<StreamPlace> earliest = Earliest(it->second, beginning.place);
    if (!earliest) {
      return absl::FailedPreconditionError(
          absl::StrCat("collector ", beginning.collector,
                       " cannot begin where this check and another one need it to"));
    }
    it->second = *earliest;
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
};

}  // namespace

std::string RulesOf(const config::Config& config, const config::CheckOptions& check,
                    const model::Tag& target) {
  return model::ToHex(model::Xxh3(absl::StrCat(static_cast<int>(check.compare), ";",
                                               TagRules(FindFeed(config, check.source)), ";",
                                               TagRules(FindFeed(config, target)))));
}

absl::StatusOr<ResumePlan> PlanResume(const config::Config& config, model::PairStates& states) {
  return Planner(config, states).Plan();
}

}  // namespace dcp::cmd
