#include "state/finding_book.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "model/wildcard.h"
#include "state/open_database.h"

namespace dcp::state {
namespace {

using model::FindingState;
using Entry = FindingBook::Entry;

constexpr size_t kPageSize = 256;

// Behind the columns of a record those of its names and of its acknowledgement.
constexpr char kSelectEntries[] =
    "SELECT r.pair, r.key, r.alarm_id, r.kind, r.table_name, r.key_text, r.columns, r.json, r.sum, "
    "r.number, r.first_seen, r.last_seen, r.resolved_at, r.reopened, p.check_name, p.target, "
    "a.finding IS NOT NULL, a.at, a.note FROM finding_records AS r JOIN pairs AS p USING (pair) "
    "LEFT JOIN finding_acks AS a ON a.finding = r.number ";

// nullopt: it is not as it was written.
std::optional<Entry> ReadEntry(Statement& row) {
  std::optional<FindingRecord> record = ReadRecord(row);
  if (!record) return std::nullopt;
  Entry entry;
  entry.record = *std::move(record);
  entry.check = row.ReadText();
  entry.target = row.ReadText();
  if (row.ReadInteger() == 0) return entry;
  entry.ack.emplace();
  entry.ack->finding = entry.record.number;
  entry.ack->at = absl::FromUnixNanos(row.ReadInteger());
  entry.ack->note = row.ReadText();
  return entry;
}

FindingState StateOfEntry(const Entry& entry, absl::Span<const model::IgnoreRule> rules,
                          absl::Time now) {
  const model::FindingNote& note = entry.record.note;
  const model::FindingFacts facts{note.table, note.key, note.columns};
  return model::StateOf(entry.record.resolved_at.has_value(), entry.ack.has_value(),
                        model::IsIgnored(rules, entry.check, entry.target, facts, now));
}

bool Fits(const FindingBook::Filter& filter, const Entry& entry) {
  const auto named = [](const std::string& wanted, const std::string& name) {
    return wanted.empty() || wanted == name;
  };
  if (!named(filter.check, entry.check) || !named(filter.target, entry.target)) return false;
  if (!filter.table.empty() && !model::MatchesWildcard(filter.table, entry.record.note.table)) {
    return false;
  }
  return filter.states.empty() ||
         std::find(filter.states.begin(), filter.states.end(), entry.state) != filter.states.end();
}

absl::Status NoFinding(absl::string_view name) {
  return absl::NotFoundError(
      absl::StrCat("there is no finding ", name, "; dcp diffs list --all shows those there are"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FindingBook>> FindingBook::Open(const std::string& dir,
                                                               Database::Mode mode) {
  DCP_ASSIGN_OR_RETURN(auto db, OpenPresent(dir, mode));
  return std::unique_ptr<FindingBook>(new FindingBook(std::move(db)));
}

absl::Status FindingBook::Read(const std::string& where,
                               const std::function<void(Statement&)>& bind, absl::Time now,
                               const std::function<bool(Entry&&)>& take, int64_t most) {
  DCP_ASSIGN_OR_RETURN(const std::vector<model::IgnoreRule> rules, Rules());
  DCP_ASSIGN_OR_RETURN(
      Statement select,
      db_->Prepare(absl::StrCat(kSelectEntries, where, " ORDER BY r.number LIMIT ", most)));
  bind(select.Bind());
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::OkStatus();
    std::optional<Entry> entry = ReadEntry(select);
    if (!entry) return DamagedError(*db_, "a finding is not what was written");
    entry->state = StateOfEntry(*entry, rules, now);
    if (!take(*std::move(entry))) return absl::OkStatus();
  }
}

absl::StatusOr<std::vector<Entry>> FindingBook::ReadPage(int64_t after, absl::Time now) {
  std::vector<Entry> page;
  DCP_RETURN_IF_ERROR(Read(
      "WHERE r.number > ?", [&](Statement& to) { to.Integer(after); }, now,
      [&](Entry&& entry) {
        page.push_back(std::move(entry));
        return true;
      },
      kPageSize));
  return page;
}

absl::Status FindingBook::List(const Filter& filter, absl::Time now,
                               const std::function<bool(const Entry&)>& take) {
  for (int64_t after = filter.after;;) {
    DCP_ASSIGN_OR_RETURN(const std::vector<Entry> page, ReadPage(after, now));
    for (const Entry& entry : page) {
      if (Fits(filter, entry) && !take(entry)) return absl::OkStatus();
    }
    if (page.size() < kPageSize) return absl::OkStatus();
    after = page.back().record.number;
  }
}

absl::StatusOr<std::vector<Entry>> FindingBook::Newest(size_t most, absl::Time now) {
  DCP_ASSIGN_OR_RETURN(
      const int64_t oldest,
      db_->ReadInteger(absl::StrCat("SELECT ifnull(min(number), 0) FROM (SELECT number FROM "
                                    "finding_records WHERE resolved_at IS NULL "
                                    "ORDER BY number DESC LIMIT ",
                                    most, ")")));
  std::vector<Entry> newest;
  DCP_RETURN_IF_ERROR(Read(
      "WHERE r.resolved_at IS NULL AND r.number >= ?", [&](Statement& to) { to.Integer(oldest); },
      now,
      [&](Entry&& entry) {
        newest.push_back(std::move(entry));
        return true;
      },
      static_cast<int64_t>(most)));
  std::reverse(newest.begin(), newest.end());
  return newest;
}

absl::StatusOr<std::vector<Entry>> FindingBook::Find(const std::string& name, absl::Time now) {
  std::vector<Entry> found;
  const auto add = [&](Entry&& entry) {
    found.push_back(std::move(entry));
    return true;
  };
  int64_t number = 0;
  if (absl::SimpleAtoi(absl::StripPrefix(name, "#"), &number)) {
    DCP_RETURN_IF_ERROR(Read(
        "WHERE r.number = ?", [&](Statement& to) { to.Integer(number); }, now, add));
  } else {
    DCP_RETURN_IF_ERROR(Read(
        "WHERE r.alarm_id = ?1 OR r.key_text = ?1", [&](Statement& to) { to.Text(name); }, now,
        add));
  }
  if (found.empty()) return NoFinding(name);
  return found;
}

// REQUIRES: in a transaction
absl::StatusOr<Entry> FindingBook::OpenOne(int64_t number) {
  std::optional<Entry> found;
  DCP_RETURN_IF_ERROR(Read(
      "WHERE r.number = ?", [&](Statement& to) { to.Integer(number); }, absl::InfiniteFuture(),
      [&](Entry&& entry) {
        found = std::move(entry);
        return true;
      }));
  if (!found) return NoFinding(absl::StrCat(number));
  if (!found->record.resolved_at) return *std::move(found);
  return absl::FailedPreconditionError(absl::StrCat("finding ", number, " is resolved"));
}

absl::Status FindingBook::Acknowledge(const FindingAck& ack) {
  DCP_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*db_));
  DCP_RETURN_IF_ERROR(OpenOne(ack.finding).status());
  {
    DCP_ASSIGN_OR_RETURN(Statement replace, db_->Prepare(kReplaceAck));
    BindAck(ack, replace.Bind());
    DCP_RETURN_IF_ERROR(replace.Run());
  }
  return transaction.Commit();
}

absl::Status FindingBook::TakeBackAck(int64_t number) {
  DCP_ASSIGN_OR_RETURN(Statement remove,
                       db_->Prepare("DELETE FROM finding_acks WHERE finding = ?"));
  DCP_RETURN_IF_ERROR(remove.Bind().Integer(number).Run());
  if (db_->changes() > 0) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("finding ", number, " is not acknowledged"));
}

absl::Status FindingBook::IgnoreFinding(int64_t number, std::optional<absl::Time> until,
                                        const std::string& note, absl::Time now) {
  DCP_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*db_));
  DCP_ASSIGN_OR_RETURN(const Entry entry, OpenOne(number));
  model::IgnoreRule rule;
  rule.check = entry.check;
  rule.target = entry.target;
  rule.key = entry.record.note.key;
  rule.key_text = entry.record.note.key_text;
  rule.until = until;
  rule.note = note;
  rule.at = now;
  DCP_RETURN_IF_ERROR(InsertRule(rule).status());
  return transaction.Commit();
}

absl::StatusOr<int64_t> FindingBook::AddRule(const model::IgnoreRule& rule) {
  DCP_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*db_));
  DCP_ASSIGN_OR_RETURN(const int64_t number, InsertRule(rule));
  DCP_RETURN_IF_ERROR(transaction.Commit());
  return number;
}

// REQUIRES: in a transaction
absl::StatusOr<int64_t> FindingBook::InsertRule(const model::IgnoreRule& rule) {
  DCP_ASSIGN_OR_RETURN(Statement over,
                       db_->Prepare("DELETE FROM finding_ignores WHERE until <= ?"));
  DCP_RETURN_IF_ERROR(over.Bind().Integer(absl::ToUnixNanos(rule.at)).Run());
  DCP_ASSIGN_OR_RETURN(const int64_t count,
                       db_->ReadInteger("SELECT count(*) FROM finding_ignores"));
  if (static_cast<size_t>(count) >= kMaxRules) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", kMaxRules,
                     " rules on what to ignore already: remove some with "
                     "dcp diffs ignore --remove, or use one rule for a table"));
  }
  DCP_ASSIGN_OR_RETURN(Statement insert, db_->Prepare(kInsertRule));
  BindRule(rule, insert.Bind());
  DCP_RETURN_IF_ERROR(insert.Run());
  return db_->last_insert_rowid();
}

absl::Status FindingBook::RemoveRule(int64_t number) {
  DCP_ASSIGN_OR_RETURN(Statement remove,
                       db_->Prepare("DELETE FROM finding_ignores WHERE rule = ?"));
  DCP_RETURN_IF_ERROR(remove.Bind().Integer(number).Run());
  if (db_->changes() > 0) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("there is no rule ", number, "; dcp diffs ignore --list shows those there are"));
}

}  // namespace dcp::state
