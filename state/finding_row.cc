#include "state/finding_row.h"

#include <utility>

#include "base/status.h"
#include "state/columns.h"

namespace dcp::state {

void BindRecord(int64_t pair, const model::FindingNote& note, Statement& to) {
  to.Integer(pair).Text(model::ToHex(note.key)).Text(note.alarm_id);
  to.Text(model::ToString(note.kind)).Text(note.table).Text(note.key_text);
  to.Text(ToColumn(note.columns)).Text(note.json).BindSum();
}

std::optional<FindingRecord> ReadRecord(Statement& row) {
  FindingRecord record;
  record.pair = row.ReadInteger();
  const auto key = model::FromHex(row.ReadText());
  record.note.alarm_id = row.ReadText();
  const auto kind = KindFromColumn(row.ReadText());
  record.note.table = row.ReadText();
  record.note.key_text = row.ReadText();
  auto columns = TextsFromColumn(row.ReadText());
  record.note.json = row.ReadText();
  if (!row.SumMatches() || !key || !kind || !columns) return std::nullopt;
  record.note.key = *key;
  record.note.kind = *kind;
  record.note.columns = *std::move(columns);
  record.number = row.ReadInteger();
  record.first_seen = absl::FromUnixNanos(row.ReadInteger());
  record.last_seen = absl::FromUnixNanos(row.ReadInteger());
  const bool open = row.IsNull();
  const absl::Time resolved_at = absl::FromUnixNanos(row.ReadInteger());
  if (!open) record.resolved_at = resolved_at;
  record.reopened = row.ReadUnsigned();
  return record;
}

void BindRule(const model::IgnoreRule& rule, Statement& to) {
  to.Text(rule.check).Text(rule.target).Text(rule.table);
  rule.key ? to.Text(model::ToHex(*rule.key)) : to.Null();
  to.Text(rule.key_text).Text(rule.column);
  rule.until ? to.Integer(absl::ToUnixNanos(*rule.until)) : to.Null();
  to.Text(rule.note).Integer(absl::ToUnixNanos(rule.at)).BindSum();
}

std::optional<model::IgnoreRule> ReadRule(Statement& row) {
  model::IgnoreRule rule;
  rule.check = row.ReadText();
  rule.target = row.ReadText();
  rule.table = row.ReadText();
  const bool any_key = row.IsNull();
  rule.key = model::FromHex(row.ReadText());
  rule.key_text = row.ReadText();
  rule.column = row.ReadText();
  const bool for_ever = row.IsNull();
  const absl::Time until = absl::FromUnixNanos(row.ReadInteger());
  if (!for_ever) rule.until = until;
  rule.note = row.ReadText();
  rule.at = absl::FromUnixNanos(row.ReadInteger());
  if (!row.SumMatches() || any_key == rule.key.has_value()) return std::nullopt;
  rule.number = row.ReadInteger();
  return rule;
}

absl::StatusOr<std::vector<model::IgnoreRule>> ReadRules(Database& db) {
  std::vector<model::IgnoreRule> rules;
  DCP_ASSIGN_OR_RETURN(Statement select, db.Prepare(kSelectRules));
  select.Bind();
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return rules;
    std::optional<model::IgnoreRule> rule = ReadRule(select);
    if (!rule) return DamagedError(db, "a rule on what to ignore is not what was written");
    rules.push_back(*std::move(rule));
  }
}

void BindAck(const FindingAck& ack, Statement& to) {
  to.Integer(ack.finding).Integer(absl::ToUnixNanos(ack.at)).Text(ack.note).BindSum();
}

std::optional<FindingAck> ReadAck(Statement& row) {
  FindingAck ack;
  ack.finding = row.ReadInteger();
  ack.at = absl::FromUnixNanos(row.ReadInteger());
  ack.note = row.ReadText();
  if (!row.SumMatches()) return std::nullopt;
  return ack;
}

}  // namespace dcp::state
