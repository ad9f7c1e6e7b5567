#include "tests/checker/streams.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/gtid_position.h"

namespace dcp::test {
namespace {

model::Uuid ServerUuid(uint8_t server) {
  model::Uuid uuid{};
  uuid[15] = server;
  return uuid;
}

checker::PairOptions Named(checker::PairOptions options) {
  options.check = "c";
  options.source = model::Tag("src");
  options.target = model::Tag("dst");
  return options;
}

std::string Segment(const model::OutcomeHead& head) {
  return absl::StrCat(head.epoch == 1 ? "" : absl::StrCat("e", head.epoch, " "), head.from, "..",
                      head.to);
}

std::string Text(const model::Verdict& verdict) {
  std::string text;
  switch (verdict.kind) {
    case model::Verdict::Kind::kSame:
      text = "same ";
      break;
    case model::Verdict::Kind::kDiff:
      text = "diff ";
      break;
    case model::Verdict::Kind::kUnverified:
      text = "unverified ";
      break;
  }
  absl::StrAppend(&text, Segment(verdict.head));
  for (const model::RowDiff& row : verdict.diffs) {
    absl::StrAppend(&text, " ", row.key_text, ":", model::ToString(row.kind));
  }
  if (verdict.diff_count > verdict.diffs.size()) absl::StrAppend(&text, " n=", verdict.diff_count);
  if (verdict.known > 0) absl::StrAppend(&text, " known=", verdict.known);
  if (!verdict.unverified_reason.empty()) absl::StrAppend(&text, " ", verdict.unverified_reason);
  if (verdict.late) absl::StrAppend(&text, " late");
  return text;
}

}  // namespace

std::string Text(const model::Outcome& outcome) {
  if (const auto* verdict = std::get_if<model::Verdict>(&outcome)) return Text(*verdict);
  if (const auto* timeout = std::get_if<model::Timeout>(&outcome)) {
    return absl::StrCat("timeout ", Segment(timeout->head), " last=", timeout->last_barrier);
  }
  const auto& resolved = std::get<model::Resolved>(outcome);
  return absl::StrCat("resolved ",
                      resolved.keys.empty() ? "timeout" : absl::StrJoin(resolved.keys, " "),
                      resolved.job.empty() ? "" : absl::StrCat(" by ", resolved.job));
}

model::Version V(const std::string& name) {
  if (name.empty()) return model::Version::Absent();
  if (name == "?") return model::Version::Unknown();
  return model::Version::Content(model::Xxh3(name));
}

void StreamWriter::Open(const std::string& reason, model::GtidSet executed) {
  model::StreamOrigin origin;
  origin.server_id = side_ == checker::Side::kSource ? 1 : 2;
  origin.server_uuid = ServerUuid(static_cast<uint8_t>(origin.server_id));
  origin.executed = std::move(executed);
  origin.has_gtids = true;
  origin.reason = reason;
  streams_.checker().Open(side_, std::move(origin), streams_.now());
}

StreamWriter& StreamWriter::Begin() {
  grouped_ = true;
  return *this;
}

StreamWriter& StreamWriter::Gtid(uint64_t n, uint8_t server) {
  next_gtid_ = model::Gtid{{ServerUuid(server), ""}, n};
  return *this;
}

StreamWriter& StreamWriter::Gtid(const std::string& text) {
  next_gtid_ = model::GtidPosition::Parse(text).value().last().begin()->second;
  return *this;
}

StreamWriter& StreamWriter::Committed(absl::Time at) {
  next_time_ = at;
  return *this;
}

StreamWriter& StreamWriter::WrittenOn(uint32_t server_id) {
  next_server_id_ = server_id;
  return *this;
}

void StreamWriter::Executed(const std::string& state) {
  model::Mark mark;
  mark.kind = model::Mark::Kind::kExecuted;
  mark.executed = model::GtidSet::Parse(state).value();
  AddMark(std::move(mark));
}

void StreamWriter::Put(const std::string& key, const std::string& before,
                       const std::string& after) {
  model::Change change;
  const size_t dot = key.find('.');
  if (dot != std::string::npos) change.table = streams_.Table(key.substr(0, dot));
  change.key = model::Xxh3(key);
  change.key_text = {static_cast<uint32_t>(batch_.bytes.size()), static_cast<uint32_t>(key.size())};
  batch_.bytes += key;
  change.before = V(before);
  change.after = V(after);
  change.op = after.empty()    ? model::Op::kDelete
              : before.empty() ? model::Op::kInsert
                               : model::Op::kUpdate;
  batch_.changes.push_back(change);
  MaybeFlush();
}

void StreamWriter::Count(const std::string& key, int delta) {
  const bool was_grouped = std::exchange(grouped_, true);
  Put(key, "", "");
  model::Change& change = batch_.changes.back();
  change.table = streams_.Table("counted", true);
  change.relative = true;
  change.delta = delta > 0 ? model::Digest{0, 1} : -model::Digest{0, 1};
  change.op = delta > 0 ? model::Op::kInsert : model::Op::kDelete;
  grouped_ = was_grouped;
  MaybeFlush();
}

void StreamWriter::AddMark(model::Mark mark) {
  mark.at = static_cast<uint32_t>(batch_.changes.size());
  batch_.marks.push_back(std::move(mark));
  MaybeFlush();
}

void StreamWriter::Barrier(uint64_t offset) {
  model::Mark mark;
  mark.kind = model::Mark::Kind::kBarrier;
  mark.barrier_offset = offset;
  mark.place = std::make_shared<const std::string>(absl::StrCat(offset));
  AddMark(std::move(mark));
}

void StreamWriter::Unverified(const std::string& table, const std::string& reason) {
  model::Mark mark;
  mark.kind = model::Mark::Kind::kUnverified;
  mark.table = table;
  mark.reason = reason;
  AddMark(std::move(mark));
}

void StreamWriter::Ddl(const std::string& table, const std::string& text,
                       model::Mark::DdlEffect effect) {
  model::Mark mark;
  mark.kind = model::Mark::Kind::kDdl;
  mark.table = table;
  mark.detail = text;
  mark.ddl = model::Xxh3(text);
  mark.effect = effect;
  AddMark(std::move(mark));
}

void StreamWriter::MaybeFlush() {
  if (!grouped_) End();
}

void StreamWriter::End() {
  grouped_ = false;
  model::Txn txn;
  txn.gtid = std::exchange(next_gtid_, model::Gtid{});
  txn.server_id = std::exchange(next_server_id_, 0);
  txn.timestamp_micros = absl::ToUnixMicros(next_time_.value_or(streams_.now().wall));
  next_time_.reset();
  txn.changes_end = static_cast<uint32_t>(batch_.changes.size());
  txn.marks_end = static_cast<uint32_t>(batch_.marks.size());
  batch_.txns.push_back(txn);
  auto batch = std::make_shared<const model::ChangeBatch>(std::exchange(batch_, {}));
  streams_.checker().Append(side_, std::move(batch), streams_.now());
}

Streams::Streams(checker::PairOptions options) : checker_(Named(std::move(options))) {
  src.Open();
  dst.Open();
}

void Streams::Advance(absl::Duration by) {
  now_.wall += by;
  now_.monotonic += by;
  checker_.Tick(now_);
}

Streams::Streams(checker::PairOptions options, const model::StoredPair& stored)
    : checker_(Named(std::move(options))), stored_(stored) {
  checker_.Restore(stored);
}

std::vector<model::Outcome> Streams::Outcomes() {
  model::Report report = checker_.TakeReport();
  Store(std::move(report.update));
  return std::move(report.outcomes);
}

void Streams::Store(model::PairUpdate update) {
  if (update.state) stored_.state = *std::move(update.state);
  const auto changed = [&](const model::OpenFinding& stored) {
    return std::count(update.closed.begin(), update.closed.end(), stored.key) > 0 ||
           std::any_of(
               update.findings.begin(), update.findings.end(),
               [&](const model::OpenFinding& finding) { return finding.key == stored.key; });
  };
  std::erase_if(stored_.findings, changed);
  for (model::OpenFinding& finding : update.findings) {
    stored_.findings.push_back(std::move(finding));
  }
}

std::vector<std::string> Streams::Said() {
  std::vector<std::string> said;
  for (const model::Outcome& outcome : Outcomes()) said.push_back(test::Text(outcome));
  return said;
}

void Streams::Answer(const checker::ConfirmRequest& request, model::RowAnswer::Kind kind,
                     std::optional<uint64_t> target_barrier) {
  checker::ConfirmAnswer answer;
  answer.id = request.id;
  answer.row.kind = kind;
  answer.target_barrier = target_barrier;
  checker_.Answer({answer}, now_);
}

}  // namespace dcp::test
