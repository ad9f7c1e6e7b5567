// What `dcp repair` prints: the statements of a dry run as a script, the open rows and a table of
// results, or JSON lines (docs/repair.md); and the exit status that follows from it.
//
// Thread-compatible.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "verifier/repair.h"

namespace dcp::cmd {

class RepairPrinter final : public verifier::RepairEvents {
 public:
  struct Options {
    bool json = false;
    bool executed = false;
    std::string run;
  };

  // Results go to `out`, all else to `err`. All outlive this.
  RepairPrinter(const Options& options, std::ostream& out, std::ostream& err)
      : options_(options), out_(out), err_(err) {}

  void OnStart(const std::string& sync) override;
  void OnWarning(const std::string& text) override;
  void OnStatement(const std::string& table, const std::string& sql) override;
  void OnOpenRow(const std::string& table, const std::string& key,
                 const std::string& reason) override;
  void OnTable(const verifier::RepairResult& result) override;

  // The table of all results. To be called once, at the end.
  void Finish();

  bool started() const { return started_; }
  // Of what has been reported; kVerifyError is the caller's.
  int status() const { return status_; }

 private:
  const Options options_;
  std::ostream& out_;
  std::ostream& err_;
  bool started_ = false;
  int status_ = 0;
  std::vector<verifier::RepairResult> results_;
};

}  // namespace dcp::cmd
