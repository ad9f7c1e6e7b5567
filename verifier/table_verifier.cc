#include "verifier/table_verifier.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/change.h"
#include "model/digest.h"
#include "row/canonical.h"
#include "row/renderer.h"
#include "verifier/present_rows.h"
#include "verifier/recheck.h"
#include "verifier/sql_page_reader.h"
#include "verifier/table_comparison.h"

namespace dcp::verifier {
namespace {

constexpr size_t kMaxReasons = 10;

using Readers = std::vector<std::unique_ptr<SqlPageReader>>;

Readers MakeReaders(const TablePlan& plan, const std::vector<TableRead>& tables,
                    const std::vector<std::optional<PagingIndex>>& indexes, size_t max_unpaged,
                    ScanSession& session) {
  Readers readers;
  for (size_t i = 0; i < tables.size(); ++i) {
    readers.push_back(
        std::make_unique<SqlPageReader>(plan, tables[i], indexes[i], max_unpaged, session));
  }
  return readers;
}

std::vector<PageReader*> PointersTo(const Readers& readers) {
  std::vector<PageReader*> pointers;
  for (const auto& reader : readers) pointers.push_back(reader.get());
  return pointers;
}

// From what a recheck found to what people read.
class Describer {
 public:
  Describer(const TableComparison& comparison, std::string logical)
      : plan_(comparison.plan), logical_(std::move(logical)) {}

  Difference Describe(const RowVerdict& verdict) const {
    return plan_.keyless ? OfCounts(verdict) : OfRow(verdict);
  }

 private:
  Difference OfRow(const RowVerdict& verdict) const {
    const row::Renderer renderer;
    Difference difference;
    difference.table = logical_;
    row::AppendTextOfBinary(verdict.key, &difference.key).IgnoreError();  // it was made here
    difference.source = renderer.Json(verdict.source.value_or(""));
    difference.target = renderer.Json(verdict.target.value_or(""));
    if (!verdict.target.has_value()) {
      difference.kind = Difference::Kind::kMissing;
    } else if (!verdict.source.has_value()) {
      difference.kind = Difference::Kind::kExtra;
    } else {
      for (const size_t i : renderer.DifferingColumns(*verdict.source, *verdict.target)) {
        const TableRead& source = plan_.source[0];
        difference.columns.push_back(ComparedName(source.renamed, source.columns[i].name));
      }
    }
    return difference;
  }

  // The key is the row, the contents are how many there are.
  Difference OfCounts(const RowVerdict& verdict) const {
    Difference difference;
    difference.table = logical_;
    row::AppendTextOfBinary(verdict.key, &difference.key).IgnoreError();
    const auto count = [](const std::optional<std::string>& text) {
      uint64_t number = 0;
      return absl::SimpleAtoi(text.value_or("0"), &number) ? number : 0;
    };
    const uint64_t source = count(verdict.source);
    const uint64_t target = count(verdict.target);
    difference.kind = source > target ? Difference::Kind::kMissing : Difference::Kind::kExtra;
    difference.source = source > 0 ? difference.key : "null";
    difference.target = target > 0 ? difference.key : "null";
    return difference;
  }

  const TablePlan& plan_;
  const std::string logical_;
};

LoadProbe ProbeOf(SideSession& session) {
  return {session.server(), [&session]() -> absl::StatusOr<uint64_t> {
            DCP_ASSIGN_OR_RETURN(const mysql::Rows rows,
                                 session.Query("SHOW GLOBAL STATUS LIKE 'Threads_running'"));
            uint64_t threads = 0;
            if (rows.size() == 1 && rows[0].size() == 2 &&
                absl::SimpleAtoi(rows[0][1].value_or(""), &threads)) {
              return threads;
            }
            return absl::UnknownError("Threads_running is not told");
          }};
}

// The share of one of the tables that are read at the same time.
LoadLimits ShareOf(const VerificationOptions& options) {
  LoadLimits limits = options.load;
  if (limits.rows_per_second > 0) {
    limits.rows_per_second =
        std::max<uint64_t>(1, limits.rows_per_second / std::max<size_t>(options.parallel, 1));
  }
  return limits;
}

class Verifier final : public ScanEvents {
 public:
  Verifier(const TableTask& task, const VerificationOptions& options, WorkerSessions& sessions,
           SyncPoint& sync, const Clock& clock, const Pause& pause, const TableListener& listener,
           Checkpoint* checkpoint)
      : task_(task),
        options_(options),
        sessions_(sessions),
        sync_(sync),
        clock_(clock),
        pause_(pause),
        listener_(listener),
        checkpoint_(checkpoint),
        before_(checkpoint == nullptr ? nullptr : checkpoint->Find(task.logical)),
        throttle_(ShareOf(options), {ProbeOf(sessions.source), ProbeOf(sessions.target)}, clock,
                  pause, [this](const std::string& text) { listener_.on_note(text); }) {
    result_.table = task.logical;
    if (before_ != nullptr) Continue();
  }

  absl::StatusOr<TableResult> Run() {
    if (before_ != nullptr && before_->done) return std::move(result_);
    begin_ = clock_.Monotonic() - result_.elapsed;
    const absl::Status status = Compare();
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) AddIncomplete(std::string(status.message()));
    result_.elapsed = clock_.Monotonic() - begin_;
    if (checkpoint_ != nullptr) checkpoint_->Done(result_);
    return std::move(result_);
  }

 private:
  // Takes over what was found before.
  void Continue() {
    result_ = before_->result;
    result_.table = task_.logical;
    causes_.insert(result_.reasons.begin(), result_.reasons.end());
    reported_.insert(before_->reported.begin(), before_->reported.end());
    for (const Difference& difference : before_->differences) listener_.on_difference(difference);
    if (result_.rows > 0) listener_.on_rows(result_.rows);
  }

  absl::Status Compare() {
    sessions_.source.AllowConnecting();
    sessions_.target.AllowConnecting();
    absl::StatusOr<TableComparison> comparison =
        PlanComparison(task_, sessions_.source, sessions_.target);
    if (IsNotComparable(comparison.status())) {
      result_.skipped = std::string(comparison.status().message());
      return absl::OkStatus();
    }
    DCP_RETURN_IF_ERROR(comparison.status());
    comparison_ = *std::move(comparison);
    result_.schema_differences = comparison_.schema_differences;
    result_.all_columns = comparison_.all_columns;
    listener_.on_shape(ShapeOf(task_.logical, comparison_.plan));
    if (!comparison_.paged && !FitsAtOnce()) return absl::OkStatus();
    MakeLookup();
    if (checkpoint_ != nullptr) checkpoint_->Begin(task_.logical, FingerprintOf(comparison_));
    const absl::Status scanned = Scan();
    if (!scanned.ok()) return scanned;
    return CheckUnchanged(comparison_, sessions_.source, sessions_.target);
  }

  // Too many rows to be read at once: the table is skipped, with the reason.
  bool FitsAtOnce() {
    const auto too_many = [&](const std::vector<TableRead>& tables, SideSession& session) {
      for (const TableRead& table : tables) {
        const auto rows = session.Query(absl::StrCat(
            "SELECT COUNT(*) FROM (SELECT 1 FROM ", mysql::QuoteName(table.name.database), ".",
            mysql::QuoteName(table.name.name), WhereOf(table, ""), " LIMIT ",
            options_.unpaged_rows + 1, ") AS counted"));
        uint64_t count = 0;
        if (rows.ok() && !rows->empty() && absl::SimpleAtoi((*rows)[0][0].value_or(""), &count) &&
            count > options_.unpaged_rows) {
          return true;
        }
      }
      return false;
    };
    if (!too_many(comparison_.plan.source, sessions_.source) &&
        !too_many(comparison_.plan.target, sessions_.target)) {
      return true;
    }
    result_.skipped = absl::StrCat("it cannot be read in pieces (", comparison_.unpaged_because,
                                   ") and has more than ", options_.unpaged_rows,
                                   " rows; give it a primary key, or raise unpaged_rows");
    return false;
  }

  void MakeLookup() {
    lookup_ = comparison_.plan.keyless
                  ? CountWholeRows(comparison_, options_.unpaged_rows, sessions_.source_scan,
                                   sessions_.target_scan)
                  : LookUpByKey(comparison_, task_.logical, sessions_.source, sessions_.target);
  }

  absl::Status Scan() {
    const TablePlan& plan = comparison_.plan;
    const Readers source = MakeReaders(plan, plan.source, comparison_.source_index,
                                       options_.unpaged_rows, sessions_.source_scan);
    const Readers target = MakeReaders(plan, plan.target, comparison_.target_index,
                                       options_.unpaged_rows, sessions_.target_scan);
    ScanOptions scan = options_.scan;
    // A table without pages is one chunk, and is counted again only when all of it was read.
    if (!comparison_.paged) {
      scan.chunk.first = scan.chunk.min = scan.chunk.max = options_.unpaged_rows + 1;
      scan.max_suspects = 2 * options_.unpaged_rows + 2;
    }
    source_guides_ = source.size() == 1;
    const Readers& guide = source_guides_ ? source : target;
    const Readers& others = source_guides_ ? target : source;
    ScanStart start;
    if (before_ != nullptr && comparison_.paged) start = {before_->after, before_->suspects};
    return ScanTables(*guide[0], PointersTo(others), scan, clock_, pause_, *this, start);
  }

  void OnProgress(const std::string& upto, const SuspectPool& pool) override {
    if (checkpoint_ == nullptr || !comparison_.paged) return;
    result_.elapsed = clock_.Monotonic() - begin_;
    checkpoint_->Chunk(upto, pool.entries(), result_);
  }

  absl::Status BeforeChunk() override {
    if (options_.admit != nullptr) DCP_RETURN_IF_ERROR(options_.admit());
    return throttle_.Admit();
  }

  void OnChunk(size_t guide_rows, size_t other_rows) override {
    const size_t rows = source_guides_ ? guide_rows : other_rows;
    ++result_.chunks;
    result_.rows += rows;
    throttle_.Read(rows);
    listener_.on_rows(rows);
  }

  void OnFailedChunk(const absl::Status& why) override {
    AddIncomplete(absl::StrCat("a chunk could not be read: ", std::string(why.message())));
  }

  absl::Status OnSuspects(const std::vector<std::string>& keys) override {
    // A table that is read whole for each round is read for all keys at once.
    const size_t batch = comparison_.plan.keyless ? keys.size() : options_.scan.max_suspects;
    for (size_t begin = 0; begin < keys.size(); begin += batch) {
      const auto first = keys.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto count = static_cast<std::ptrdiff_t>(std::min(batch, keys.size() - begin));
      DCP_RETURN_IF_ERROR(JudgeBatch({first, first + count}));
    }
    return absl::OkStatus();
  }

  absl::Status JudgeBatch(const std::vector<std::string>& keys) {
    std::vector<RowVerdict> verdicts;
    DCP_RETURN_IF_ERROR(
        Recheck(keys, options_.recheck, *lookup_, sync_, pause_, [&](RowVerdict verdict) {
          if (verdict.kind != RowVerdict::Kind::kEqual) {
            verdicts.push_back(std::move(verdict));
          }
        }));
    if (verdicts.empty()) return absl::OkStatus();
    // What differs because the table is another one now is no difference.
    DCP_RETURN_IF_ERROR(CheckUnchanged(comparison_, sessions_.source, sessions_.target));
    std::sort(verdicts.begin(), verdicts.end(),
              [](const RowVerdict& a, const RowVerdict& b) { return a.key < b.key; });
    for (const RowVerdict& verdict : verdicts) Report(verdict);
    return absl::OkStatus();
  }

  void Report(const RowVerdict& verdict) {
    if (!reported_.insert(model::Xxh3(verdict.key)).second) return;
    if (verdict.kind == RowVerdict::Kind::kUndecided) {
      std::string key;
      row::AppendTextOfBinary(verdict.key, &key).IgnoreError();
      return AddUndecided(absl::StrCat(key, ": ", verdict.reason), verdict.reason);
    }
    ++result_.different;
    const Difference difference = Describer(comparison_, task_.logical).Describe(verdict);
    if (checkpoint_ != nullptr) checkpoint_->Add(difference, model::Xxh3(verdict.key));
    listener_.on_difference(difference);
  }

  void AddIncomplete(std::string text) {
    if (result_.incomplete.empty()) result_.incomplete = text;
    AddUndecided(text, text);
  }
  // `cause`: what makes another text the same reason.
  void AddUndecided(std::string text, const std::string& cause) {
    ++result_.undecided;
    if (result_.cause.empty()) result_.cause = cause;
    if (result_.reasons.size() < kMaxReasons && causes_.insert(cause).second) {
      result_.reasons.push_back(std::move(text));
    }
  }

  const TableTask& task_;
  const VerificationOptions& options_;
  WorkerSessions& sessions_;
  SyncPoint& sync_;
  const Clock& clock_;
  const Pause& pause_;
  const TableListener& listener_;
  Checkpoint* const checkpoint_;       // may be null
  const TableProgress* const before_;  // may be null
  Throttle throttle_;
  absl::Duration begin_;
  TableComparison comparison_;
  std::unique_ptr<RowLookup> lookup_;
  bool source_guides_ = true;
  absl::flat_hash_set<model::Digest> reported_;  // of keys
  absl::flat_hash_set<std::string> causes_;
  TableResult result_;
};

}  // namespace

TableShape ShapeOf(const std::string& table, const TablePlan& plan) {
  TableShape shape;
  shape.table = table;
  const std::vector<mysql::Column>& columns = plan.source.front().columns;
  for (size_t i = 0; i < plan.compared; ++i) shape.columns.push_back(columns[i].name);
  for (const uint32_t i : plan.key) shape.key_columns.push_back(columns[i].name);
  shape.keyless = plan.keyless;
  return shape;
}

bool IsNotComparable(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsUnimplemented(status) ||
         absl::IsNotFound(status);
}

absl::StatusOr<TableResult> VerifyTable(const TableTask& task, const VerificationOptions& options,
                                        WorkerSessions& sessions, SyncPoint& sync,
                                        const Clock& clock, const Pause& pause,
                                        const TableListener& listener, Checkpoint* checkpoint) {
  return Verifier(task, options, sessions, sync, clock, pause, listener, checkpoint).Run();
}

}  // namespace dcp::verifier
