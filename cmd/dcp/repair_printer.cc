#include "cmd/dcp/repair_printer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json_string.h"
#include "cmd/dcp/verify_report.h"
#include "row/json_text.h"
#include "verifier/repair_sql.h"

namespace dcp::cmd {
namespace {

using verifier::RepairResult;

std::string Quoted(absl::string_view text) {
  std::string quoted;
  AppendJsonString(row::ToValidUtf8(text), &quoted);
  return quoted;
}

std::string ResultJson(const RepairResult& result) {
  std::string json = absl::StrCat("{\"table\":", Quoted(result.table), ",\"rows\":", result.rows,
                                  ",\"equal\":", result.equal, ",\"planned\":", result.planned,
                                  ",\"repaired\":", result.repaired, ",\"failed\":", result.failed,
                                  ",\"undecided\":", result.undecided);
  if (!result.skipped.empty()) absl::StrAppend(&json, ",\"skipped\":", Quoted(result.skipped));
  return json + "}\n";
}

int StatusOf(const RepairResult& result) {
  int status = kVerifyEqual;
  if (result.planned > 0 || result.failed > 0) status |= kVerifyDifferent;
  if (result.undecided > 0 || result.incomplete) status |= kVerifyUndecided;
  if (!result.skipped.empty() && !result.incomplete) status |= kVerifySkipped;
  return status;
}

}  // namespace

void RepairPrinter::OnStart(const std::string& sync) {
  started_ = true;
  err_ << "dcp: sync = " << sync
       << (options_.executed ? "" : "; a dry run: nothing is changed (--execute does)")
       << std::endl;
  if (options_.executed || options_.json) return;
  out_ << "-- What dcp repair " << options_.run << " would execute on the target.\n"
       << "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = '" << verifier::kRepairSqlMode
       << "';\n";
}

void RepairPrinter::OnWarning(const std::string& text) {
  err_ << "dcp: warning: " << text << std::endl;
}

void RepairPrinter::OnStatement(const std::string& table, const std::string& sql) {
  if (options_.json) {
    out_ << "{\"table\":" << Quoted(table) << ",\"sql\":" << Quoted(sql) << "}\n";
  } else if (!options_.executed) {
    out_ << sql << ";\n";
  }
}

void RepairPrinter::OnOpenRow(const std::string& table, const std::string& key,
                              const std::string& reason) {
  if (options_.json) {
    out_ << "{\"table\":" << Quoted(table) << ",\"key\":" << key << ",\"reason\":" << Quoted(reason)
         << "}\n";
  }
  err_ << "dcp: " << table << key << ": not repaired: " << reason << std::endl;
}

void RepairPrinter::OnTable(const RepairResult& result) {
  status_ |= StatusOf(result);
  if (!result.skipped.empty() && (result.rows > 0 || result.incomplete)) {
    err_ << "dcp: " << result.table << ": not repaired: " << result.skipped << std::endl;
  }
  if (options_.json) out_ << ResultJson(result);
  results_.push_back(result);
}

void RepairPrinter::Finish() {
  // The statements of a dry run are a script; what is said about it must not be among them.
  std::ostream& to = options_.executed && !options_.json ? out_ : err_;
  size_t width = 5;
  for (const RepairResult& result : results_) width = std::max(width, result.table.size());
  const int columns = static_cast<int>(width);
  if (started_ && !options_.json) {
    to << absl::StrFormat("%-*s %10s %10s %10s %10s %10s %10s\n", columns, "table", "rows", "equal",
                          "planned", "repaired", "failed", "undecided");
    for (const RepairResult& r : results_) {
      to << absl::StrFormat("%-*s %10d %10d %10d %10d %10d %10d%s\n", columns, r.table, r.rows,
                            r.equal, r.planned, r.repaired, r.failed, r.undecided,
                            r.skipped.empty() ? "" : "  skipped");
    }
  }
  to << std::flush;
  out_ << std::flush;
}

}  // namespace dcp::cmd
