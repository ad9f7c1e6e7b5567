#include "tests/checker/model/plain_batch.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "model/table.h"

namespace dcp::checker::test {
namespace {

using model::ChangeBatch;

const model::Table* TableNamed(const std::string& name, bool keyless) {
  static auto* const registry = new model::TableRegistry;
  return registry->Intern({name, {"id"}, keyless});
}

void AddChange(const PlainChange& plain, ChangeBatch& batch) {
  model::Change change;
  change.table = TableNamed(plain.table, plain.relative);
  change.key = model::Xxh3(plain.key);
  change.before = plain.before;
  change.after = plain.after;
  change.op = plain.op;
  change.relative = plain.relative;
  change.delta = plain.delta;
  change.key_text = {static_cast<uint32_t>(batch.bytes.size()),
                     static_cast<uint32_t>(plain.key.size())};
  batch.bytes.append(plain.key);
  batch.changes.push_back(change);
}

void AddMark(const model::Mark& plain, const model::Place& place, ChangeBatch& batch) {
  model::Mark mark = plain;
  if (mark.kind == model::Mark::Kind::kBarrier) mark.place = place;
  mark.at = static_cast<uint32_t>(batch.changes.size());
  batch.marks.push_back(std::move(mark));
}

Said SaidOf(const model::Verdict& verdict) {
  Said said;
  said.kind = verdict.kind == model::Verdict::Kind::kSame   ? Said::Kind::kSame
              : verdict.kind == model::Verdict::Kind::kDiff ? Said::Kind::kDiff
                                                            : Said::Kind::kUnverified;
  said.epoch = verdict.head.epoch;
  said.from = verdict.head.from;
  said.to = verdict.head.to;
  said.reason = verdict.unverified_reason;
  said.known = verdict.known;
  for (const model::RowDiff& row : verdict.diffs) said.rows[row.key_text] = row.kind;
  if (said.rows.size() != verdict.diff_count) said.reason += " WRONG diff_count";
  return said;
}

Said SaidOf(const model::Resolved& resolved) {
  Said said;
  said.kind = Said::Kind::kResolved;
  said.resolved.insert(resolved.keys.begin(), resolved.keys.end());
  return said;
}

Said SaidOf(const model::Timeout&) {
  Said said;
  said.kind = Said::Kind::kResolved;
  said.resolved.insert("UNEXPECTED timeout");
  return said;
}

}  // namespace

void AddTxn(const PlainTxn& plain, const model::Place& place, ChangeBatch& batch) {
  model::Txn txn;
  txn.gtid = plain.gtid;
  txn.changes_begin = static_cast<uint32_t>(batch.changes.size());
  txn.marks_begin = static_cast<uint32_t>(batch.marks.size());
  for (const auto& entry : plain.entries) {
    if (const auto* change = std::get_if<PlainChange>(&entry)) {
      AddChange(*change, batch);
    } else {
      AddMark(std::get<model::Mark>(entry), place, batch);
    }
  }
  txn.changes_end = static_cast<uint32_t>(batch.changes.size());
  txn.marks_end = static_cast<uint32_t>(batch.marks.size());
  batch.txns.push_back(txn);
}

model::StreamOrigin OriginAt(const Stream& stream, size_t at, model::Place place) {
  size_t begin = at - 1;
  while (!std::holds_alternative<model::StreamOrigin>(stream[begin])) --begin;
  model::StreamOrigin origin = std::get<model::StreamOrigin>(stream[begin]);
  for (size_t i = begin + 1; i < at; ++i) {
    const model::Gtid& gtid = std::get<PlainTxn>(stream[i]).gtid;
    if (!gtid.empty()) origin.executed.Add(gtid);
  }
  origin.place = std::move(place);
  origin.reason.clear();
  origin.detail.clear();
  return origin;
}

bool GoesBackInside(const StreamItem& item) {
  const auto* txn = std::get_if<PlainTxn>(&item);
  if (txn == nullptr) return false;
  uint64_t last = 0;
  for (const auto& entry : txn->entries) {
    const auto* mark = std::get_if<model::Mark>(&entry);
    if (mark == nullptr || mark->kind != model::Mark::Kind::kBarrier) continue;
    if (mark->barrier_offset <= last) return true;
    last = mark->barrier_offset;
  }
  return false;
}

Said SaidOf(const model::Outcome& outcome) {
  return std::visit([](const auto& o) { return SaidOf(o); }, outcome);
}

void Collect(const Said& said, std::vector<Said>* to) {
  const bool joins = said.kind == Said::Kind::kResolved && !to->empty() &&
                     to->back().kind == Said::Kind::kResolved;
  if (!joins) return to->push_back(said);
  to->back().resolved.insert(said.resolved.begin(), said.resolved.end());
}

}  // namespace dcp::checker::test
