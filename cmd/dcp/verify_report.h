// What `dcp verify` prints: JSON lines (docs/verification.md), or text and a progress line for
// people; and the exit status that follows from it.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "verifier/verification.h"

namespace dcp::cmd {

// Bits of the exit status of `verify` and `repair`.
enum VerifyStatus : int {
  kVerifyEqual = 0,
  kVerifyError = 1,
  kVerifyDifferent = 2,
  kVerifyUndecided = 4,
  kVerifySkipped = 8,
};

class VerifyReport final : public verifier::VerificationEvents {
 public:
  struct Options {
    bool json = false;
    // `err` is a terminal: progress is a line with a bar that is written over. Elsewhere a line of
    // its own every ten seconds.
    bool terminal = false;
  };

  // Results go to `out`, all else to `err`. All outlive this.
  VerifyReport(const Options& options, std::ostream& out, std::ostream& err, const Clock& clock);

  void OnStart(const std::vector<verifier::TableTask>& tables, const std::string& sync) override;
  void OnWarning(const std::string& text) override;
  void OnNote(const std::string& text) override;
  void OnRows(const std::string& table, uint64_t rows) override;
  void OnDifference(const verifier::Difference& difference) override;
  void OnTable(const verifier::TableResult& result) override;

  // The table of all results, in text form. To be called once, at the end.
  void Finish();

  // Of what has been reported; kVerifyError is the caller's.
  int status() const { return status_; }

 private:
  void ShowProgress();
  void ClearProgress();
  void SayReasons(const verifier::TableResult& result);
  void NoteStatus(const verifier::TableResult& result);

  const Options options_;
  std::ostream& out_;
  std::ostream& err_;
  const Clock& clock_;
  const absl::Duration begin_;
  int status_ = kVerifyEqual;
  size_t tables_ = 0;
  uint64_t rows_ = 0, rows_about_ = 0;
  absl::Duration shown_at_;
  bool line_is_shown_ = false;
  std::vector<verifier::TableResult> results_;
};

// One line of JSON, with its end.
std::string DifferenceJson(const verifier::Difference& difference);
std::string TableJson(const verifier::TableResult& result);

// "1234567 rows of about 2000000, 61728 rows/s, about 12s left"
std::string ProgressText(uint64_t rows, uint64_t rows_about, absl::Duration elapsed);

// "[########            ]  42%"
std::string ProgressBar(uint64_t rows, uint64_t rows_about);

}  // namespace dcp::cmd
