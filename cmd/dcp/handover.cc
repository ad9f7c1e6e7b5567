#include "cmd/dcp/handover.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "cmd/dcp/feed.h"
#include "cmd/dcp/jobs.h"
#include "model/digest.h"
#include "proto/handover.pb.h"

namespace dcp::cmd {
namespace {

using model::OpenFinding;
using model::PairState;
using model::StoredPair;
using model::Version;

constexpr uint32_t kLastKind = static_cast<uint32_t>(model::DiffKind::kDdl);

// ---- to bytes ----

void Put(const model::Digest& digest, handover::Digest* to) {
  to->set_high(digest.high);
  to->set_low(digest.low);
}

void Put(const Version& version, handover::Version* to) {
  switch (version.kind) {
    case Version::Kind::kAbsent:
      return to->set_kind(handover::Version::ABSENT);
    case Version::Kind::kContent:
      to->set_kind(handover::Version::CONTENT);
      return Put(version.digest, to->mutable_digest());
    case Version::Kind::kUnknown:
      return to->set_kind(handover::Version::UNKNOWN);
  }
}

void Put(const OpenFinding& finding, handover::Finding* to) {
  Put(finding.key, to->mutable_key());
  to->set_alarm_id(finding.alarm_id);
  to->set_kind(static_cast<uint32_t>(finding.kind));
  to->set_table(finding.table);
  to->set_keyless(finding.keyless);
  to->set_key_text(finding.key_text);
  to->set_not_before(finding.not_before);
  Put(finding.source, to->mutable_source());
  Put(finding.target, to->mutable_target());
}

void Put(const model::RunState& run, handover::Run* to) {
  to->set_from(run.from);
  to->set_from_name(run.from_name);
  to->set_is_first(run.is_first);
  to->set_judged_ahead(run.judged_ahead.ToString());
  to->set_source_place(run.source_place);
  to->set_target_place(run.target_place);
}

void Put(const model::OutcomeHead& head, handover::Timeout* to) {
  to->set_source(head.source);
  to->set_epoch(head.epoch);
  to->set_from(head.from);
  to->set_to(head.to);
  to->set_at_nanos(absl::ToUnixNanos(head.at));
}

void Put(const HandedPair& pair, handover::Pair* to) {
  const PairState& state = pair.stored.state;
  to->set_check(pair.check);
  to->set_target(pair.target);
  to->set_epoch(state.epoch);
  to->set_said_to(state.said_to);
  to->set_rules(state.rules);
  if (state.run) Put(*state.run, to->mutable_run());
  to->set_lost_reason(state.lost_reason);
  to->set_lost_detail(state.lost_detail);
  if (state.timeout) Put(*state.timeout, to->mutable_timeout());
  if (state.source_timeout) Put(*state.source_timeout, to->mutable_source_timeout());
  for (const OpenFinding& finding : pair.stored.findings) Put(finding, to->add_findings());
}

// ---- from bytes ----

absl::Status NotOurs(absl::string_view what) {
  return absl::DataLossError(absl::StrCat(
      "what stands in drc.dcp_handover is not what a dcp wrote (", what,
      "): going on from this one's own state; DELETE FROM drc.dcp_handover ends this message"));
}

model::Digest Get(const handover::Digest& from) { return {from.high(), from.low()}; }

absl::StatusOr<Version> Get(const handover::Version& from) {
  switch (from.kind()) {
    case handover::Version::ABSENT:
      return Version::Absent();
    case handover::Version::CONTENT:
      return Version::Content(Get(from.digest()));
    case handover::Version::UNKNOWN:
      return Version::Unknown();
    default:
      return NotOurs("a version");
  }
}

absl::StatusOr<OpenFinding> Get(const handover::Finding& from) {
  if (from.kind() > kLastKind) return NotOurs("a kind of finding");
  OpenFinding finding;
  finding.key = Get(from.key());
  finding.alarm_id = from.alarm_id();
  finding.kind = static_cast<model::DiffKind>(from.kind());
  finding.table = from.table();
  finding.keyless = from.keyless();
  finding.key_text = from.key_text();
  finding.not_before = from.not_before();
  DCP_ASSIGN_OR_RETURN(finding.source, Get(from.source()));
  DCP_ASSIGN_OR_RETURN(finding.target, Get(from.target()));
  return finding;
}

absl::StatusOr<model::RunState> Get(const handover::Run& from) {
  model::RunState run;
  run.from = from.from();
  run.from_name = from.from_name();
  run.is_first = from.is_first();
  const auto ahead = model::GtidSet::Parse(from.judged_ahead());
  if (!ahead.ok()) return NotOurs("a GTID set");
  run.judged_ahead = *ahead;
  run.source_place = from.source_place();
  run.target_place = from.target_place();
  return run;
}

model::OutcomeHead Get(const handover::Timeout& from, const HandedPair& pair) {
  model::OutcomeHead head;
  head.check = pair.check;
  head.source = from.source();
  head.target = pair.target;
  head.epoch = from.epoch();
  head.from = from.from();
  head.to = from.to();
  head.at = absl::FromUnixNanos(from.at_nanos());
  return head;
}

absl::StatusOr<HandedPair> Get(const handover::Pair& from) {
  HandedPair pair;
  pair.check = from.check();
  pair.target = from.target();
  PairState& state = pair.stored.state;
  state.epoch = from.epoch();
  state.said_to = from.said_to();
  state.rules = from.rules();
  if (from.has_run()) {
    DCP_ASSIGN_OR_RETURN(state.run, Get(from.run()));
  }
  state.lost_reason = from.lost_reason();
  state.lost_detail = from.lost_detail();
  if (from.has_timeout()) state.timeout = Get(from.timeout(), pair);
  if (from.has_source_timeout()) state.source_timeout = Get(from.source_timeout(), pair);
  std::set<model::Digest> keys;
  for (const handover::Finding& finding : from.findings()) {
    DCP_ASSIGN_OR_RETURN(OpenFinding read, Get(finding));
    if (!keys.insert(read.key).second) return NotOurs("a finding twice");
    pair.stored.findings.push_back(std::move(read));
  }
  return pair;
}

std::string SumOf(absl::string_view bytes) { return model::ToHex(model::Xxh3(bytes)); }

// ---- taking over ----

bool IsFurther(const PairState& a, const PairState& b) {
  return std::tie(a.epoch, a.said_to) > std::tie(b.epoch, b.said_to);
}

// Replaces all that is stored of the pair.
absl::Status Store(const HandedPair& pair, const std::vector<OpenFinding>& before, absl::Time now,
                   state::StateStore& state) {
  model::Report report;
  report.check = pair.check;
  report.target = pair.target;
  report.at = now;
  report.update.state = pair.stored.state;
  report.update.findings = pair.stored.findings;
  std::set<model::Digest> open;
  for (const OpenFinding& finding : pair.stored.findings) open.insert(finding.key);
  for (const OpenFinding& finding : before) {
    if (!open.contains(finding.key)) report.update.closed.push_back(finding.key);
  }
  return state.Append(report, {});
}

bool IsPushed(const config::Config& config, const config::CheckOptions& check,
              const model::Tag& target) {
  return FeedOf(config, check.source).pushed() || FeedOf(config, target).pushed();
}

// A run over pushed tags cannot be taken up.
void EndRun(PairState* state) {
  if (!state->run) return;
  state->run.reset();
  state->lost_reason = "restart";
  state->lost_detail = "another dcp was active, and what was pushed to it is not here";
}

class Successor {
 public:
  Successor(const config::Config& config, const std::vector<HandedPair>& handed, bool own,
            absl::Time now, state::StateStore& state, std::vector<std::string>* lines)
      : config_(config), own_(own), now_(now), state_(state), lines_(lines) {
    for (const HandedPair& pair : handed) handed_[{pair.check, pair.target}] = &pair;
  }

  absl::Status Take(const config::CheckOptions& check, const model::Tag& target) {
    return Take(check.name, target.value(), IsPushed(config_, check, target));
  }
  absl::Status Take(const config::JobOptions& job) {
    const auto [name, target] = JobPair(job);
    return Take(name, target, /*pushed=*/false);
  }

 private:
  absl::Status Take(const std::string& check, const std::string& target, bool pushed) {
    DCP_ASSIGN_OR_RETURN(const std::optional<StoredPair> here, state_.Load(check, target));
    const auto found = handed_.find({check, target});
    const bool handed =
        found != handed_.end() && (!here || IsFurther(found->second->stored.state, here->state));
    HandedPair pair{check, target, {}};
    if (handed) {
      pair.stored = found->second->stored;
    } else if (here) {
      pair.stored = *here;
    }
    const bool ended = !own_ && pair.stored.state.run && pushed;
    if (!handed && !ended) return absl::OkStatus();
    if (ended) EndRun(&pair.stored.state);
    lines_->push_back(absl::StrCat("check ", pair.check, " with target ", pair.target,
                                   ": taken over at barrier ", pair.stored.state.said_to,
                                   ended ? ", begins anew behind it: it is pushed" : ""));
    return Store(pair, here ? here->findings : std::vector<OpenFinding>(), now_, state_);
  }

  const config::Config& config_;
  const bool own_;
  const absl::Time now_;
  state::StateStore& state_;
  std::vector<std::string>* const lines_;
  std::map<std::pair<std::string, std::string>, const HandedPair*> handed_;
};

}  // namespace

std::string ToHandover(const std::vector<HandedPair>& pairs) {
  handover::Handover message;
  for (const HandedPair& pair : pairs) Put(pair, message.add_pairs());
  const std::string bytes = message.SerializeAsString();
  return absl::StrCat(SumOf(bytes), bytes);
}

absl::StatusOr<std::vector<HandedPair>> FromHandover(absl::string_view bytes) {
  const size_t sum = SumOf("").size();
  if (bytes.size() < sum) return NotOurs("too short");
  const std::string body(bytes.substr(sum));
  if (SumOf(body) != bytes.substr(0, sum)) return NotOurs("its digest");
  handover::Handover message;
  if (!message.ParseFromString(body)) return NotOurs("its form");
  std::vector<HandedPair> pairs;
  for (const handover::Pair& pair : message.pairs()) {
    DCP_ASSIGN_OR_RETURN(HandedPair read, Get(pair));
    pairs.push_back(std::move(read));
  }
  return pairs;
}

absl::StatusOr<std::vector<HandedPair>> CollectPairs(const config::Config& config,
                                                     state::StateStore& state) {
  std::vector<HandedPair> pairs;
  for (const config::CheckOptions& check : config.checks) {
    for (const model::Tag& target : check.targets) {
      DCP_ASSIGN_OR_RETURN(std::optional<StoredPair> stored,
                           state.Load(check.name, target.value()));
      if (stored) pairs.push_back({check.name, target.value(), *std::move(stored)});
    }
  }
  for (const config::JobOptions& job : config.jobs) {
    const auto [name, target] = JobPair(job);
    DCP_ASSIGN_OR_RETURN(std::optional<StoredPair> stored, state.Load(name, target));
    if (stored) pairs.push_back({name, target, *std::move(stored)});
  }
  return pairs;
}

absl::Status TakeOver(const config::Config& config, const std::vector<HandedPair>& handed, bool own,
                      absl::Time now, state::StateStore& state, std::vector<std::string>* lines) {
  Successor successor(config, handed, own, now, state, lines);
  for (const config::CheckOptions& check : config.checks) {
    for (const model::Tag& target : check.targets) {
      DCP_RETURN_IF_ERROR(successor.Take(check, target));
    }
  }
  for (const config::JobOptions& job : config.jobs) DCP_RETURN_IF_ERROR(successor.Take(job));
  return absl::OkStatus();
}

}  // namespace dcp::cmd
