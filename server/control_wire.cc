#include "server/control_wire.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"

namespace dcp::server {
namespace {

constexpr std::array<model::DiffKind, 7> kAllKinds = {
    model::DiffKind::kMissing, model::DiffKind::kStale,  model::DiffKind::kMismatch,
    model::DiffKind::kExtra,   model::DiffKind::kHealed, model::DiffKind::kReordered,
    model::DiffKind::kDdl};

std::optional<model::DiffKind> KindFromText(absl::string_view text) {
  const auto* kind = std::find_if(kAllKinds.begin(), kAllKinds.end(), [&](model::DiffKind one) {
    return text == model::ToString(one);
  });
  return kind == kAllKinds.end() ? std::nullopt : std::optional(*kind);
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

absl::Status FromGrpc(const grpc::Status& status) {
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

int64_t ToNanos(std::optional<absl::Time> time) { return time ? absl::ToUnixNanos(*time) : 0; }

std::optional<absl::Time> FromNanos(int64_t nanos) {
  return nanos == 0 ? std::nullopt : std::optional(absl::FromUnixNanos(nanos));
}

control::Finding ToWire(const model::FindingEntry& entry) {
  const model::FindingRecord& record = entry.record;
  control::Finding finding;
  finding.set_number(record.number);
  finding.set_check(entry.check);
  finding.set_target(entry.target);
  finding.set_state(model::ToString(entry.state));
  finding.set_kind(model::ToString(record.note.kind));
  finding.set_table(record.note.table);
  finding.set_key(record.note.key_text);
  for (const std::string& column : record.note.columns) finding.add_columns(column);
  finding.set_alarm_id(record.note.alarm_id);
  finding.set_difference_json(record.note.json);
  finding.set_first_seen(ToNanos(record.first_seen));
  finding.set_last_seen(ToNanos(record.last_seen));
  finding.set_resolved_at(ToNanos(record.resolved_at));
  finding.set_reopened(record.reopened);
  if (entry.ack) {
    finding.mutable_ack()->set_at(ToNanos(entry.ack->at));
    finding.mutable_ack()->set_note(entry.ack->note);
  }
  return finding;
}

absl::StatusOr<model::FindingEntry> FromWire(const control::Finding& finding) {
  const auto state = model::FindingStateFromText(finding.state());
  const auto kind = KindFromText(finding.kind());
  if (!state || !kind) {
    return absl::InvalidArgumentError(absl::StrCat("a finding of an unknown kind, ",
                                                   finding.state(), " ", finding.kind(),
                                                   ": the daemon is newer than this dcp"));
  }
  model::FindingEntry entry;
  entry.check = finding.check();
  entry.target = finding.target();
  entry.state = *state;
  model::FindingRecord& record = entry.record;
  record.number = finding.number();
  record.note.kind = *kind;
  record.note.table = finding.table();
  record.note.key_text = finding.key();
  record.note.columns.assign(finding.columns().begin(), finding.columns().end());
  record.note.alarm_id = finding.alarm_id();
  record.note.json = finding.difference_json();
  record.first_seen = absl::FromUnixNanos(finding.first_seen());
  record.last_seen = absl::FromUnixNanos(finding.last_seen());
  record.resolved_at = FromNanos(finding.resolved_at());
  record.reopened = finding.reopened();
  if (finding.has_ack()) {
    entry.ack = {finding.number(), absl::FromUnixNanos(finding.ack().at()), finding.ack().note()};
  }
  return entry;
}

control::IgnoreRule ToWire(const model::IgnoreRule& rule) {
  control::IgnoreRule wire;
  wire.set_number(rule.number);
  wire.set_check(rule.check);
  wire.set_target(rule.target);
  wire.set_table(rule.table);
  wire.set_key(rule.key_text);
  wire.set_column(rule.column);
  wire.set_until(ToNanos(rule.until));
  wire.set_note(rule.note);
  wire.set_at(ToNanos(rule.at));
  return wire;
}

model::IgnoreRule FromWire(const control::IgnoreRule& wire) {
  model::IgnoreRule rule;
  rule.number = wire.number();
  rule.check = wire.check();
  rule.target = wire.target();
  rule.table = wire.table();
  rule.key_text = wire.key();
  rule.column = wire.column();
  rule.until = FromNanos(wire.until());
  rule.note = wire.note();
  rule.at = absl::FromUnixNanos(wire.at());
  return rule;
}

control::Mark ToWire(const model::ProofMark& mark) {
  control::Mark wire;
  wire.set_check(mark.check);
  wire.set_target(mark.target);
  wire.set_epoch(mark.epoch);
  wire.set_from(mark.from);
  wire.set_goal(mark.goal);
  return wire;
}

model::ProofMark FromWire(const control::Mark& wire) {
  return {.check = wire.check(),
          .target = wire.target(),
          .epoch = wire.epoch(),
          .from = wire.from(),
          .goal = wire.goal()};
}

control::ProveResponse ToWire(const model::Proof& proof) {
  control::ProveResponse wire;
  wire.set_epoch(proof.epoch);
  wire.set_said_to(proof.said_to);
  wire.set_open_findings(proof.open_findings);
  wire.set_same(proof.same);
  wire.set_diff(proof.diff);
  wire.set_unverified(proof.unverified);
  wire.set_covered_from(proof.covered_from);
  wire.set_covered_to(proof.covered_to);
  wire.set_unverified_from(proof.unverified_from);
  wire.set_unverified_to(proof.unverified_to);
  wire.set_unverified_reason(proof.unverified_reason);
  wire.set_verified_since(proof.verified_since);
  return wire;
}

model::Proof FromWire(const control::ProveResponse& wire) {
  return {.epoch = wire.epoch(),
          .said_to = wire.said_to(),
          .open_findings = wire.open_findings(),
          .same = wire.same(),
          .diff = wire.diff(),
          .unverified = wire.unverified(),
          .covered_from = wire.covered_from(),
          .covered_to = wire.covered_to(),
          .unverified_from = wire.unverified_from(),
          .unverified_to = wire.unverified_to(),
          .unverified_reason = wire.unverified_reason(),
          .verified_since = wire.verified_since()};
}

}  // namespace dcp::server
