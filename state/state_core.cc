#include "state/state_core.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/status.h"

namespace dcp::state {
namespace {

const model::OutcomeHead& HeadOf(const model::Outcome& outcome) {
  return std::visit([](const auto& any) -> const model::OutcomeHead& { return any.head; }, outcome);
}

absl::Time TimeOf(const model::Report& report) {
  absl::Time now = report.at;
  for (const model::Outcome& outcome : report.outcomes) now = std::max(now, HeadOf(outcome).at);
  return now;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateCore>> StateCore::Open(const Options& options,
                                                           std::unique_ptr<Database> db) {
  std::unique_ptr<StateCore> core(new StateCore(options, std::move(db)));
  absl::Status status = core->ReadAll();
  if (status.ok()) return core;
  core->ended_.clear();  // nothing is to be written
  return status;
}

StateCore::~StateCore() {
  // What cannot be written now is delivered again.
  if (!ended_.empty()) Write([] { return absl::OkStatus(); }).IgnoreError();
}

absl::Status StateCore::ReadAll() {
  DCP_ASSIGN_OR_RETURN(pairs_, PairTable::Open(*db_));
  DCP_ASSIGN_OR_RETURN(findings_, FindingTable::Open(*db_));
  DCP_ASSIGN_OR_RETURN(alarms_, AlarmTable::Open(*db_));
  DCP_ASSIGN_OR_RETURN(parts_, ReportParts::Open(*db_));
  DCP_RETURN_IF_ERROR(TakeParts());
  DCP_RETURN_IF_ERROR(AgreeOnFindings());
  for (const auto& [name, sink] : alarms_->sinks()) QueueOf(name).CountPutAside(sink.put_aside);
  model::OutboxItemPtr item;
  uint64_t last = 0;
  return alarms_->ReadWaiting([&](const AlarmTable::Delivery& delivery, const model::Alarm& alarm) {
    if (std::exchange(last, delivery.sequence) != delivery.sequence) {
      item = model::MakeOutboxItem(alarm);
    }
    Enqueue(delivery.sink, delivery.sequence, item);
  });
}

// What an earlier process has left.
absl::Status StateCore::TakeParts() {
  DCP_ASSIGN_OR_RETURN(const std::vector<int64_t> sealed, parts_->Sealed());
  with_parts_.insert(sealed.begin(), sealed.end());
  for (const int64_t pair : sealed) {
    while (with_parts_.contains(pair)) DCP_RETURN_IF_ERROR(TakePart(pair));
  }
  return parts_->DropUnsealed();
}

// Those of an older version's state, which holds keys as they are, masked or not: they are stored
// as findings of which the key is not shown.
absl::Status StateCore::AgreeOnFindings() {
  DCP_ASSIGN_OR_RETURN(const bool agrees, findings_->Agrees());
  if (agrees) return absl::OkStatus();
  DCP_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*db_));
  DCP_ASSIGN_OR_RETURN(const int64_t last_verdict,
                       db_->ReadInteger("SELECT ifnull(max(at), 0) FROM verdicts"));
  for (const auto& [names, number] : pairs_->pairs()) {
    DCP_ASSIGN_OR_RETURN(auto stored, pairs_->Load(names.first, names.second));
    if (!stored) continue;
    for (model::OpenFinding& finding : stored->findings) {
      finding.key_text = absl::StrCat(finding.table, "[?]");
    }
    DCP_RETURN_IF_ERROR(
        findings_->AddUnsaid(number, stored->findings, {}, absl::FromUnixNanos(last_verdict)));
  }
  DCP_RETURN_IF_ERROR(findings_->EndOthers());
  return transaction.Commit();
}

model::OutboxQueue& StateCore::QueueOf(const std::string& sink) {
  return queues_.try_emplace(sink, options_.max_bytes_per_sink).first->second;
}

absl::Status StateCore::Write(const std::function<absl::Status()>& write) {
  const absl::Status status = WriteInTransaction(write);
  if (!status.ok()) {
    pairs_->RolledBack();
    alarms_->RolledBack();
    return status;
  }
  pairs_->Committed();
  alarms_->Committed();
  ended_.clear();
  return absl::OkStatus();
}

absl::Status StateCore::WriteInTransaction(const std::function<absl::Status()>& write) {
  DCP_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*db_));
  FaultPoint("state.begun");
  DCP_RETURN_IF_ERROR(WriteEnded());
  DCP_RETURN_IF_ERROR(write());
  FaultPoint("state.written");
  DCP_RETURN_IF_ERROR(transaction.Commit());
  FaultPoint("state.committed");
  return absl::OkStatus();
}

absl::Status StateCore::WriteEnded() {
  for (const Ended& ended : ended_) {
    DCP_RETURN_IF_ERROR(ended.put_aside ? alarms_->PutAside(ended.delivery)
                                        : alarms_->Delivered(ended.delivery));
  }
  return absl::OkStatus();
}

absl::Status StateCore::Append(const model::Report& report,
                               const std::vector<Outbox::Addressed>& alarms) {
  return Append(report, alarms, 0);
}

absl::Status StateCore::Append(const model::Report& report,
                               const std::vector<Outbox::Addressed>& alarms, uint64_t parts) {
  std::vector<Added> added;
  DCP_RETURN_IF_ERROR(Write([&] { return WriteReport(report, alarms, parts, &added); }));
  if (parts > 0) with_parts_.insert(*pairs_->Find(report.check, report.target));
  for (const Added& one : added) Enqueue(one);
  return absl::OkStatus();
}

absl::Status StateCore::DropParts(const std::string& check, const std::string& target) {
  const std::optional<int64_t> pair = pairs_->Find(check, target);
  if (!pair) return absl::OkStatus();
  return Write([&] { return parts_->Drop(*pair); });
}

absl::Status StateCore::AddPart(const model::Report& report,
                                absl::Span<const model::OpenFinding> findings,
                                absl::Span<const model::Digest> closed) {
  return Write([&]() -> absl::Status {
    DCP_ASSIGN_OR_RETURN(const int64_t pair, pairs_->NumberOf(report.check, report.target));
    return parts_->Add(pair, findings, closed);
  });
}

bool StateCore::HasParts(const std::string& check, const std::string& target) const {
  if (with_parts_.empty()) return false;
  const std::optional<int64_t> pair = pairs_->Find(check, target);
  return pair && with_parts_.contains(*pair);
}

absl::Status StateCore::TakePart(const std::string& check, const std::string& target) {
  return TakePart(*pairs_->Find(check, target));
}

absl::Status StateCore::TakePart(int64_t pair) {
  DCP_ASSIGN_OR_RETURN(const std::optional<ReportParts::Seal> seal, parts_->SealOf(pair));
  if (!seal) return DamagedError(*db_, "a report in parts is without its seal");
  DCP_ASSIGN_OR_RETURN(const ReportParts::Part part, parts_->Next(pair, *seal));
  const absl::Status written = Write([&]() -> absl::Status {
    DCP_RETURN_IF_ERROR(WriteFindings(pair, part.findings, part.closed, seal->kept_back, seal->at));
    if (!part.closed.empty()) DCP_RETURN_IF_ERROR(findings_->PruneMany(options_.retention));
    return parts_->Remove(pair, part, *seal);
  });
  if (written.ok() && seal->parts == 1) with_parts_.erase(pair);
  return written;
}

absl::Status StateCore::WriteFindings(int64_t pair, absl::Span<const model::OpenFinding> findings,
                                      absl::Span<const model::Digest> closed,
                                      absl::Span<const std::string> kept_back, absl::Time now) {
  DCP_RETURN_IF_ERROR(pairs_->SaveFindings(pair, findings, closed));
  DCP_RETURN_IF_ERROR(findings_->AddUnsaid(pair, findings, kept_back, now));
  return findings_->Close(pair, closed, now);
}

// Writing the log back brings it to disk first.
absl::Status StateCore::MakeDurable() {
  DCP_ASSIGN_OR_RETURN(Statement write_back, db_->Prepare("PRAGMA wal_checkpoint(PASSIVE)"));
  DCP_RETURN_IF_ERROR(write_back.Bind().Step().status());
  const bool busy = write_back.ReadInteger() != 0;
  const int64_t pages = write_back.ReadInteger(), written_back = write_back.ReadInteger();
  write_back.Bind();
  if (!busy && pages == written_back) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("another program reads ", db_->path(), ": close it"));
}

absl::Status StateCore::WriteReport(const model::Report& report,
                                    const std::vector<Outbox::Addressed>& alarms, uint64_t parts,
                                    std::vector<Added>* added) {
  DCP_ASSIGN_OR_RETURN(const int64_t pair, pairs_->NumberOf(report.check, report.target));
  if (report.update.state) DCP_RETURN_IF_ERROR(pairs_->SaveState(pair, *report.update.state));
  FaultPoint("state.pair_saved");
  DCP_RETURN_IF_ERROR(findings_->SaveSaid(pair, report));
  const absl::Time now = TimeOf(report);
  DCP_RETURN_IF_ERROR(parts > 0 ? parts_->SealAll(pair, {parts, now, report.kept_back})
                                : WriteFindings(pair, report.update.findings, report.update.closed,
                                                report.kept_back, now));
  for (const Outbox::Addressed& addressed : alarms) {
    DCP_ASSIGN_OR_RETURN(const std::optional<uint64_t> sequence, alarms_->Add(addressed, pair));
    if (sequence) added->push_back({*sequence, &addressed});
  }
  FaultPoint("state.alarms_added");
  return WriteOutcomes(report, pair);
}

// The oldest go two by two, so that what is kept shrinks to its bound and no call is slow.
absl::Status StateCore::WriteOutcomes(const model::Report& report, int64_t pair) {
  if (report.outcomes.empty()) return absl::OkStatus();
  const absl::Time now = TimeOf(report);
  for (const model::Outcome& outcome : report.outcomes) {
    if (const auto* verdict = std::get_if<model::Verdict>(&outcome)) {
      DCP_RETURN_IF_ERROR(pairs_->SaveVerdict(pair, *verdict));
    }
  }
  const int64_t most = 2 * static_cast<int64_t>(report.outcomes.size()) + 2;
  DCP_RETURN_IF_ERROR(pairs_->PruneVerdicts(options_.retention, now, most));
  DCP_RETURN_IF_ERROR(findings_->PruneOld(options_.retention, now, most));
  if (!report.update.closed.empty() || !report.notes.empty()) {
    DCP_RETURN_IF_ERROR(findings_->PruneMany(options_.retention));
  }
  return alarms_->Prune(options_.retention, now, most);
}

void StateCore::Enqueue(const Added& added) {
  if (added.addressed->sinks.empty()) return;
  const model::OutboxItemPtr item = model::MakeOutboxItem(*added.addressed->alarm);
  for (const std::string& sink : added.addressed->sinks) Enqueue(sink, added.sequence, item);
}

void StateCore::Enqueue(const std::string& sink, uint64_t sequence,
                        const model::OutboxItemPtr& item) {
  for (uint64_t given_up : QueueOf(sink).Add(sequence, item)) {
    ended_.push_back({{given_up, sink}, /*put_aside=*/false});
  }
}

std::vector<model::Outbox::Head> StateCore::Heads(const std::string& sink) const {
  const auto queue = queues_.find(sink);
  return queue == queues_.end() ? std::vector<Outbox::Head>() : queue->second.Heads();
}

model::Outbox::Counts StateCore::CountsOf(const std::string& sink) const {
  const auto queue = queues_.find(sink);
  return queue == queues_.end() ? Outbox::Counts() : queue->second.counts();
}

uint64_t StateCore::NewestWaiting() const {
  uint64_t newest = 0;
  for (const auto& [sink, queue] : queues_) newest = std::max(newest, queue.newest());
  return newest;
}

bool StateCore::Waits(uint64_t up_to) const {
  return std::any_of(queues_.begin(), queues_.end(), [&](const auto& queue) {
    return queue.second.oldest() != 0 && queue.second.oldest() <= up_to;
  });
}

absl::Status StateCore::Next(const std::string& sink, const std::string& check, size_t max,
                             std::vector<Outbox::Entry>* next) {
  for (uint64_t sequence : QueueOf(sink).Next(check, max)) {
    DCP_ASSIGN_OR_RETURN(model::AlarmPtr alarm, alarms_->Read(sequence));
    next->push_back({sequence, std::move(alarm)});
  }
  return absl::OkStatus();
}

absl::Status StateCore::End(const std::string& sink, uint64_t sequence, bool put_aside) {
  model::OutboxQueue& queue = QueueOf(sink);
  if (!queue.Contains(sequence)) return absl::OkStatus();
  queue.Remove(sequence);
  if (put_aside) queue.CountPutAside(1);
  ended_.push_back({{sequence, sink}, put_aside});
  return Write([] { return absl::OkStatus(); });
}

absl::StatusOr<std::optional<model::StoredPair>> StateCore::Load(const std::string& check,
                                                                 const std::string& target) {
  return pairs_->Load(check, target);
}

absl::StatusOr<std::vector<model::IgnoreRule>> StateCore::IgnoreRules() {
  return findings_->IgnoreRules();
}

absl::StatusOr<uint64_t> StateCore::CountQuiet(const std::string& check, const std::string& target,
                                               absl::Span<const model::Digest> keys,
                                               absl::Time now) {
  const std::optional<int64_t> pair = pairs_->Find(check, target);
  if (!pair) return 0;
  return findings_->CountQuiet(*pair, check, target, keys, now);
}

absl::StatusOr<uint64_t> StateCore::CountKeptBack(const std::string& check,
                                                  const std::string& target,
                                                  absl::Span<const model::Digest> keys) {
  const std::optional<int64_t> pair = pairs_->Find(check, target);
  if (!pair) return 0;
  return findings_->CountKeptBack(*pair, keys);
}

absl::StatusOr<bool> StateCore::WasKeptBack(const std::string& check, const std::string& target,
                                            const std::string& alarm_id) {
  const std::optional<int64_t> pair = pairs_->Find(check, target);
  if (!pair) return false;
  return findings_->WasKeptBack(*pair, alarm_id);
}

absl::Status StateCore::SaveJob(const std::string& job, const model::JobState& state,
                                const model::JobRun* run,
                                const std::vector<model::TableProof>& proofs) {
  return Write([&]() -> absl::Status {
    DCP_RETURN_IF_ERROR(jobs_.SaveState(job, state));
    if (run != nullptr) DCP_RETURN_IF_ERROR(jobs_.SaveRun(job, *run));
    for (const model::TableProof& proof : proofs) DCP_RETURN_IF_ERROR(jobs_.SaveProof(proof));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<StateCore::ForgottenSink>> StateCore::ForgetSinksExcept(
    const std::set<std::string>& names) {
  std::vector<ForgottenSink> forgotten;
  for (const auto& [name, sink] : alarms_->sinks()) {
    if (!names.contains(name)) forgotten.push_back({name, QueueOf(name).counts().waiting});
  }
  if (forgotten.empty()) return forgotten;
  DCP_RETURN_IF_ERROR(Write([&] { return ForgetSinks(forgotten); }));
  for (const ForgottenSink& sink : forgotten) queues_.erase(sink.name);
  return forgotten;
}

absl::Status StateCore::ForgetSinks(const std::vector<ForgottenSink>& sinks) {
  for (const ForgottenSink& sink : sinks) {
    DCP_RETURN_IF_ERROR(alarms_->ForgetSink(sink.name));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StateCore::Pair>> StateCore::ForgetPairsExcept(
    const std::set<Pair>& pairs) {
  std::vector<Pair> forgotten;
  for (const auto& [names, number] : pairs_->pairs()) {
    if (!pairs.contains(names)) forgotten.push_back(names);
  }
  if (forgotten.empty()) return forgotten;
  DCP_RETURN_IF_ERROR(Write([&] { return ForgetPairs(forgotten); }));
  for (const Pair& names : forgotten) pairs_->Forgotten(names);
  return forgotten;
}

absl::Status StateCore::ForgetPairs(const std::vector<Pair>& pairs) {
  for (const Pair& names : pairs) {
    DCP_RETURN_IF_ERROR(alarms_->ForgetPair(pairs_->pairs().at(names)));
    DCP_RETURN_IF_ERROR(findings_->Forget(pairs_->pairs().at(names)));
    DCP_RETURN_IF_ERROR(parts_->Drop(pairs_->pairs().at(names)));
    DCP_RETURN_IF_ERROR(pairs_->Forget(names));
  }
  return absl::OkStatus();
}

}  // namespace dcp::state
