#include "state/finding_table.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "state/finding_row.h"

namespace dcp::state {
namespace {

using model::FindingNote;

// So many resolved ones are kept at most: they are to be looked at, not to be counted.
constexpr int64_t kMaxResolved = 100'000;
// Of what is kept of a row: a longer one is in the alarm only.
constexpr size_t kMaxJson = size_t{64} << 10;

// Found again under another alarm, it is the same finding opened again; under the same, it was
// noted before.
constexpr char kUpsert[] =
    "INSERT INTO finding_records (pair, key, alarm_id, kind, table_name, key_text, columns, json, "
    "sum, first_seen, last_seen, resolved_at, told, reopened) "
    "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?10,?11,?12,0) "
    "ON CONFLICT (pair, key) DO UPDATE SET alarm_id = excluded.alarm_id, kind = excluded.kind, "
    "table_name = excluded.table_name, key_text = excluded.key_text, columns = excluded.columns, "
    "json = excluded.json, sum = excluded.sum, last_seen = excluded.last_seen, "
    "resolved_at = excluded.resolved_at, told = excluded.told, reopened = reopened + 1 "
    "WHERE alarm_id <> excluded.alarm_id OR resolved_at IS NOT NULL";
constexpr char kTouch[] =
    "UPDATE finding_records SET last_seen = ?3 WHERE pair = ?1 AND key = ?2 "
    "AND resolved_at IS NULL";
constexpr char kResolve[] =
    "UPDATE finding_records SET resolved_at = ?3, last_seen = ?3 WHERE pair = ?1 AND key = ?2 "
    "AND resolved_at IS NULL";
constexpr char kDeleteAck[] =
    "DELETE FROM finding_acks WHERE finding IN "
    "(SELECT number FROM finding_records WHERE pair = ? AND key = ?)";
// What kUpsert opens again, nobody has acknowledged.
constexpr char kDeleteOldAck[] =
    "DELETE FROM finding_acks WHERE finding IN (SELECT number FROM finding_records WHERE "
    "pair = ? AND key = ? AND (alarm_id <> ? OR resolved_at IS NOT NULL))";
constexpr char kKeptBack[] =
    "SELECT EXISTS (SELECT 1 FROM finding_records WHERE pair = ? AND alarm_id = ? AND told = 0)";
constexpr char kKeyKeptBack[] =
    "SELECT 1 FROM finding_records WHERE pair = ? AND key = ? AND told = 0";
// An open finding that is not here as open; one that is only here.
constexpr char kLacksSome[] =
    "SELECT EXISTS (SELECT 1 FROM findings AS f WHERE NOT EXISTS (SELECT 1 FROM finding_records AS "
    "r WHERE r.pair = f.pair AND r.key = f.key AND resolved_at IS NULL))";
constexpr char kHasEnded[] =
    "SELECT EXISTS (SELECT 1 FROM finding_records AS r WHERE resolved_at IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM findings AS f WHERE f.pair = r.pair AND f.key = r.key))";
constexpr char kEndOthers[] =
    "UPDATE finding_records SET resolved_at = last_seen WHERE resolved_at IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM findings AS f WHERE f.pair = finding_records.pair AND f.key = "
    "finding_records.key); DELETE FROM finding_acks WHERE finding IN (SELECT number FROM "
    "finding_records WHERE resolved_at IS NOT NULL)";
constexpr char kPruneOld[] =
    "DELETE FROM finding_records WHERE number IN (SELECT number FROM finding_records "
    "WHERE resolved_at IS NOT NULL ORDER BY resolved_at LIMIT ?) AND resolved_at < ?";
constexpr char kPruneMany[] =
    "DELETE FROM finding_records WHERE number IN (SELECT number FROM finding_records "
    "WHERE resolved_at IS NOT NULL ORDER BY resolved_at LIMIT ?)";

FindingNote NoteOf(const model::OpenFinding& finding) {
  FindingNote note;
  note.key = finding.key;
  note.alarm_id = finding.alarm_id;
  note.kind = finding.kind;
  note.table = finding.table;
  note.key_text = finding.key_text;
  return note;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FindingTable>> FindingTable::Open(Database& db) {
  std::unique_ptr<FindingTable> table(new FindingTable(db));
  DCP_RETURN_IF_ERROR(table->Prepare());
  DCP_RETURN_IF_ERROR(table->CheckAll());
  DCP_RETURN_IF_ERROR(table->CheckSaid());
  return table;
}

absl::Status FindingTable::Prepare() {
  DCP_ASSIGN_OR_RETURN(upsert_, db_.Prepare(kUpsert));
  DCP_ASSIGN_OR_RETURN(touch_, db_.Prepare(kTouch));
  DCP_ASSIGN_OR_RETURN(resolve_, db_.Prepare(kResolve));
  DCP_ASSIGN_OR_RETURN(delete_ack_, db_.Prepare(kDeleteAck));
  DCP_ASSIGN_OR_RETURN(delete_old_ack_, db_.Prepare(kDeleteOldAck));
  DCP_ASSIGN_OR_RETURN(select_one_,
                       db_.Prepare(absl::StrCat(kSelectRecords, "WHERE pair = ? AND key = ?")));
  DCP_ASSIGN_OR_RETURN(is_acknowledged_,
                       db_.Prepare("SELECT 1 FROM finding_acks WHERE finding = ?"));
  DCP_ASSIGN_OR_RETURN(kept_back_, db_.Prepare(kKeptBack));
  DCP_ASSIGN_OR_RETURN(key_kept_back_, db_.Prepare(kKeyKeptBack));
  DCP_ASSIGN_OR_RETURN(
      count_resolved_,
      db_.Prepare("SELECT count(*) FROM finding_records WHERE resolved_at IS NOT NULL"));
  DCP_ASSIGN_OR_RETURN(prune_old_, db_.Prepare(kPruneOld));
  DCP_ASSIGN_OR_RETURN(prune_many_, db_.Prepare(kPruneMany));
  DCP_ASSIGN_OR_RETURN(data_version_, db_.Prepare("PRAGMA data_version"));
  return absl::OkStatus();
}

absl::Status FindingTable::Damaged(absl::string_view what) const {
  return DamagedError(db_, absl::StrCat(what, " is not what was written"));
}

absl::Status FindingTable::CheckAll() {
  DCP_ASSIGN_OR_RETURN(Statement all, db_.Prepare(absl::StrCat(kSelectRecords, "NOT INDEXED")));
  all.Bind();
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, all.Step());
    if (!found) break;
    if (!ReadRecord(all)) return Damaged("a finding");
  }
  return absl::OkStatus();
}

absl::Status FindingTable::CheckSaid() {
  DCP_RETURN_IF_ERROR(IgnoreRules().status());
  DCP_ASSIGN_OR_RETURN(Statement acks, db_.Prepare("SELECT finding, at, note, sum FROM "
                                                   "finding_acks NOT INDEXED"));
  acks.Bind();
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, acks.Step());
    if (!found) return absl::OkStatus();
    if (!ReadAck(acks)) return Damaged("an acknowledgement");
  }
}

absl::StatusOr<bool> FindingTable::Agrees() {
  DCP_ASSIGN_OR_RETURN(const int64_t lacking, db_.ReadInteger(kLacksSome));
  DCP_ASSIGN_OR_RETURN(const int64_t ended, db_.ReadInteger(kHasEnded));
  return lacking == 0 && ended == 0;
}

absl::Status FindingTable::EndOthers() { return db_.Execute(kEndOthers); }

absl::Status FindingTable::SaveSaid(int64_t pair, const model::Report& report) {
  for (const FindingNote& note : report.notes) DCP_RETURN_IF_ERROR(Note(pair, note));
  for (const model::Outcome& outcome : report.outcomes) {
    const auto* verdict = std::get_if<model::Verdict>(&outcome);
    if (verdict == nullptr) continue;
    for (const model::Digest& key : verdict->known_keys) {
      DCP_RETURN_IF_ERROR(Touch(pair, key, verdict->head.at));
    }
  }
  return absl::OkStatus();
}

absl::Status FindingTable::Close(int64_t pair, absl::Span<const model::Digest> keys,
                                 absl::Time now) {
  for (const model::Digest& key : keys) DCP_RETURN_IF_ERROR(Close(pair, key, now));
  return absl::OkStatus();
}

absl::Status FindingTable::AddUnsaid(int64_t pair, absl::Span<const model::OpenFinding> findings,
                                     absl::Span<const std::string> kept_back, absl::Time now) {
  for (const model::OpenFinding& finding : findings) {
    FindingNote note = NoteOf(finding);
    note.at = now;
    note.told = !absl::c_linear_search(kept_back, finding.alarm_id);
    DCP_RETURN_IF_ERROR(Note(pair, note));
  }
  return absl::OkStatus();
}

absl::Status FindingTable::Note(int64_t pair, const FindingNote& note) {
  delete_old_ack_.Bind().Integer(pair).Text(model::ToHex(note.key)).Text(note.alarm_id);
  DCP_RETURN_IF_ERROR(delete_old_ack_.Run());
  Statement& to = upsert_.Bind();
  if (note.json.size() <= kMaxJson) {
    BindRecord(pair, note, to);
  } else {
    FindingNote shorter = note;
    shorter.json.clear();
    BindRecord(pair, shorter, to);
  }
  const int64_t at = absl::ToUnixNanos(note.at);
  to.Integer(at);
  note.open ? to.Null() : to.Integer(at);
  return to.Integer(note.told ? 1 : 0).Run();
}

absl::Status FindingTable::Touch(int64_t pair, const model::Digest& key, absl::Time now) {
  return touch_.Bind().Integer(pair).Text(model::ToHex(key)).Integer(absl::ToUnixNanos(now)).Run();
}

absl::Status FindingTable::Close(int64_t pair, const model::Digest& key, absl::Time now) {
  const std::string hex = model::ToHex(key);
  DCP_RETURN_IF_ERROR(delete_ack_.Bind().Integer(pair).Text(hex).Run());
  return resolve_.Bind().Integer(pair).Text(hex).Integer(absl::ToUnixNanos(now)).Run();
}

absl::Status FindingTable::PruneOld(const Retention& retention, absl::Time now, int64_t most) {
  return prune_old_.Bind().Integer(most).Integer(absl::ToUnixNanos(now - retention.age)).Run();
}

absl::Status FindingTable::PruneMany(const Retention& retention) {
  DCP_RETURN_IF_ERROR(count_resolved_.Bind().Step().status());
  const int64_t over = count_resolved_.ReadInteger() - std::min(kMaxResolved, retention.max_count);
  count_resolved_.Bind();
  return over <= 0 ? absl::OkStatus() : prune_many_.Bind().Integer(over).Run();
}

absl::Status FindingTable::Forget(int64_t pair) {
  for (const char* sql : {"DELETE FROM finding_acks WHERE finding IN "
                          "(SELECT number FROM finding_records WHERE pair = ?)",
                          "DELETE FROM finding_records WHERE pair = ?"}) {
    DCP_ASSIGN_OR_RETURN(Statement statement, db_.Prepare(sql));
    DCP_RETURN_IF_ERROR(statement.Bind().Integer(pair).Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<model::IgnoreRule>> FindingTable::IgnoreRules() {
  DCP_RETURN_IF_ERROR(data_version_.Bind().Step().status());
  const int64_t version = data_version_.ReadInteger();
  data_version_.Bind();
  if (version == rules_version_) return rules_;
  DCP_ASSIGN_OR_RETURN(rules_, ReadRules(db_));
  rules_version_ = version;
  return rules_;
}

absl::StatusOr<uint64_t> FindingTable::CountQuiet(int64_t pair, const std::string& check,
                                                  const std::string& target,
                                                  absl::Span<const model::Digest> keys,
                                                  absl::Time now) {
  DCP_ASSIGN_OR_RETURN(const std::vector<model::IgnoreRule> rules, IgnoreRules());
  DCP_ASSIGN_OR_RETURN(const int64_t some_ack,
                       db_.ReadInteger("SELECT EXISTS (SELECT 1 FROM finding_acks)"));
  if (rules.empty() && some_ack == 0) return 0;
  uint64_t quiet = 0;
  for (const model::Digest& key : keys) {
    select_one_.Bind().Integer(pair).Text(model::ToHex(key));
    DCP_ASSIGN_OR_RETURN(const bool found, select_one_.Step());
    if (!found) continue;
    const std::optional<FindingRecord> record = ReadRecord(select_one_);
    select_one_.Bind();
    if (!record) return Damaged("a finding");
    DCP_ASSIGN_OR_RETURN(const bool acknowledged,
                         is_acknowledged_.Bind().Integer(record->number).Step());
    is_acknowledged_.Bind();
    const model::FindingFacts facts{record->note.table, key, record->note.columns};
    if (acknowledged || model::IsIgnored(rules, check, target, facts, now)) ++quiet;
  }
  return quiet;
}

absl::StatusOr<uint64_t> FindingTable::CountKeptBack(int64_t pair,
                                                     absl::Span<const model::Digest> keys) {
  uint64_t kept_back = 0;
  for (const model::Digest& key : keys) {
    DCP_ASSIGN_OR_RETURN(const bool one,
                         key_kept_back_.Bind().Integer(pair).Text(model::ToHex(key)).Step());
    key_kept_back_.Bind();
    if (!one) break;
    ++kept_back;
  }
  return kept_back;
}

absl::StatusOr<bool> FindingTable::WasKeptBack(int64_t pair, const std::string& alarm_id) {
  DCP_RETURN_IF_ERROR(kept_back_.Bind().Integer(pair).Text(alarm_id).Step().status());
  const bool kept_back = kept_back_.ReadInteger() != 0;
  kept_back_.Bind();
  return kept_back;
}

}  // namespace dcp::state
