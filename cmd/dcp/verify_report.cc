#include "cmd/dcp/verify_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/json_string.h"
#include "row/json_text.h"

namespace dcp::cmd {
namespace {

using verifier::Difference;
using verifier::TableResult;

constexpr absl::Duration kProgressEvery = absl::Milliseconds(200);
constexpr absl::Duration kProgressLineEvery = absl::Seconds(10);

const char* KindText(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::kMissing:
      return "missing";
    case Difference::Kind::kExtra:
      return "extra";
    case Difference::Kind::kMismatch:
      return "mismatch";
  }
  return "";
}

std::string Quoted(absl::string_view text) {
  std::string quoted;
  AppendJsonString(row::ToValidUtf8(text), &quoted);
  return quoted;
}

std::string QuotedList(const std::vector<std::string>& texts) {
  return absl::StrCat("[",
                      absl::StrJoin(texts, ",",
                                    [](std::string* out, const std::string& text) {
                                      absl::StrAppend(out, Quoted(text));
                                    }),
                      "]");
}

uint64_t PerSecond(uint64_t rows, absl::Duration elapsed) {
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  return static_cast<uint64_t>(static_cast<double>(rows) / seconds);
}

std::string ResultText(const TableResult& result) {
  if (!result.skipped.empty()) return "skipped";
  if (result.undecided > 0) return result.different > 0 ? "DIFFERENT, undecided" : "undecided";
  if (result.different > 0) return "DIFFERENT";
  if (!result.all_columns) return "equal, columns left out";
  return result.schema_differences.empty() ? "equal" : "equal, another key";
}

}  // namespace

std::string DifferenceJson(const Difference& difference) {
  return absl::StrCat("{\"table\":", Quoted(difference.table), ",\"key\":", difference.key,
                      ",\"kind\":\"", KindText(difference.kind),
                      "\",\"columns\":", QuotedList(difference.columns),
                      ",\"source\":", difference.source, ",\"target\":", difference.target, "}\n");
}

std::string TableJson(const TableResult& result) {
  std::string json = absl::StrCat(
      "{\"table\":", Quoted(result.table), ",\"rows\":", result.rows, ",\"chunks\":", result.chunks,
      ",\"different\":", result.different, ",\"undecided\":", result.undecided,
      ",\"seconds\":", absl::StrFormat("%.3f", absl::ToDoubleSeconds(result.elapsed)));
  if (!result.skipped.empty()) absl::StrAppend(&json, ",\"skipped\":", Quoted(result.skipped));
  if (!result.schema_differences.empty()) {
    absl::StrAppend(&json, ",\"schema\":", QuotedList(result.schema_differences));
  }
  if (!result.incomplete.empty()) {
    absl::StrAppend(&json, ",\"incomplete\":", Quoted(result.incomplete));
  }
  if (!result.reasons.empty()) {
    absl::StrAppend(&json, ",\"reasons\":", QuotedList(result.reasons));
  }
  return json + "}\n";
}

std::string ProgressText(uint64_t rows, uint64_t rows_about, absl::Duration elapsed) {
  const uint64_t rate = PerSecond(rows, elapsed);
  std::string text = absl::StrCat(rows, " rows");
  if (rows_about > rows) absl::StrAppend(&text, " of about ", rows_about);
  absl::StrAppend(&text, ", ", rate, " rows/s");
  if (rows_about > rows && rate > 0) {
    const uint64_t seconds = (rows_about - rows) / rate;
    absl::StrAppend(&text, ", about ", absl::FormatDuration(absl::Seconds(seconds)), " left");
  }
  return text;
}

std::string ProgressBar(uint64_t rows, uint64_t rows_about) {
  constexpr uint64_t kWidth = 20;
  // The server only estimates how many there are.
  const uint64_t percent = std::min<uint64_t>(99, 100 * rows / std::max<uint64_t>(rows_about, 1));
  const uint64_t done = percent * kWidth / 100;
  return absl::StrFormat("[%s%s] %3d%%", std::string(done, '#'), std::string(kWidth - done, ' '),
                         percent);
}

VerifyReport::VerifyReport(const Options& options, std::ostream& out, std::ostream& err,
                           const Clock& clock)
    : options_(options),
      out_(out),
      err_(err),
      clock_(clock),
      begin_(clock.Monotonic()),
      shown_at_(options.terminal ? -absl::InfiniteDuration() : begin_) {}

void VerifyReport::OnStart(const std::vector<verifier::TableTask>& tables,
                           const std::string& sync) {
  tables_ = tables.size();
  for (const verifier::TableTask& task : tables) {
    if (task.skipped.empty()) rows_about_ += task.rows_about;
  }
  err_ << "dcp: " << tables_ << (tables_ == 1 ? " table" : " tables");
  if (!sync.empty()) err_ << ", sync = " << sync;
  err_ << std::endl;
}

void VerifyReport::OnWarning(const std::string& text) {
  ClearProgress();
  err_ << "dcp: warning: " << text << std::endl;
}

void VerifyReport::OnNote(const std::string& text) {
  ClearProgress();
  err_ << "dcp: " << text << std::endl;
}

void VerifyReport::OnRows(const std::string&, uint64_t rows) {
  rows_ += rows;
  ShowProgress();
}

void VerifyReport::ShowProgress() {
  const absl::Duration now = clock_.Monotonic();
  if (now - shown_at_ < (options_.terminal ? kProgressEvery : kProgressLineEvery)) return;
  shown_at_ = now;
  const std::string text = absl::StrCat(ProgressText(rows_, rows_about_, now - begin_), ", ",
                                        results_.size(), "/", tables_, " tables");
  if (!options_.terminal) {
    err_ << "dcp: " << text << std::endl;
    return;
  }
  line_is_shown_ = true;
  err_ << "\r\033[K" << ProgressBar(rows_, rows_about_) << " " << text << std::flush;
}

void VerifyReport::ClearProgress() {
  if (line_is_shown_) err_ << "\r\033[K" << std::flush;
  line_is_shown_ = false;
}

void VerifyReport::OnDifference(const Difference& difference) {
  ClearProgress();
  if (options_.json) {
    out_ << DifferenceJson(difference) << std::flush;
    return;
  }
  out_ << difference.table << difference.key << " " << KindText(difference.kind);
  if (!difference.columns.empty()) out_ << " in " << absl::StrJoin(difference.columns, ", ");
  out_ << "\n  source " << difference.source << "\n  target " << difference.target << std::endl;
}

void VerifyReport::NoteStatus(const TableResult& result) {
  if (result.different > 0) status_ |= kVerifyDifferent;
  if (result.undecided > 0) status_ |= kVerifyUndecided;
  if (!result.skipped.empty() || !result.schema_differences.empty()) status_ |= kVerifySkipped;
}

void VerifyReport::SayReasons(const TableResult& result) {
  if (!result.skipped.empty()) {
    err_ << "dcp: " << result.table << ": skipped: " << result.skipped << std::endl;
  }
  for (const std::string& line : result.schema_differences) {
    err_ << "dcp: " << result.table << ": " << line << std::endl;
  }
  for (const std::string& reason : result.reasons) {
    err_ << "dcp: " << result.table << ": undecided: " << reason << std::endl;
  }
}

void VerifyReport::OnTable(const TableResult& result) {
  ClearProgress();
  NoteStatus(result);
  SayReasons(result);
  if (options_.json) out_ << TableJson(result) << std::flush;
  results_.push_back(result);
}

void VerifyReport::Finish() {
  ClearProgress();
  if (options_.json) return;
  size_t width = 5;
  for (const TableResult& result : results_) width = std::max(width, result.table.size());
  const int columns = static_cast<int>(width);
  out_ << absl::StrFormat("%-*s %12s %8s %10s %10s %9s %10s  %s\n", columns, "table", "rows",
                          "chunks", "different", "undecided", "seconds", "rows/s", "result");
  for (const TableResult& r : results_) {
    out_ << absl::StrFormat("%-*s %12d %8d %10d %10d %9.1f %10d  %s\n", columns, r.table, r.rows,
                            r.chunks, r.different, r.undecided, absl::ToDoubleSeconds(r.elapsed),
                            PerSecond(r.rows, r.elapsed), ResultText(r));
  }
  out_ << std::flush;
}

}  // namespace dcp::cmd
