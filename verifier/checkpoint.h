// Checkpoint: a file that says how far a verification has come, so that a run that was stopped or
// killed goes on behind the last chunk of each table that was finished.
//
// Lines of JSON, only added to, on disk before the run goes on. A torn last line, and differences
// behind the last finished chunk, do not count: they are found again.
//
// Thread-safe, except Open().
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_io.h"
#include "base/mutex.h"
#include "model/digest.h"
#include "verifier/row_set.h"
#include "verifier/table_comparison.h"
#include "verifier/verification.h"

namespace dcp::verifier {

// How far a table has come.
struct TableProgress {
  std::string schema;                // FingerprintOf() its definitions
  std::optional<std::string> after;  // key of the last row of the last finished chunk
  std::vector<SuspectPool::Entry> suspects;
  TableResult result;  // until there
  std::vector<Difference> differences;
  std::vector<model::Digest> reported;  // of their keys
  bool done = false;
};

// Changes where a definition does.
std::string FingerprintOf(const TableComparison& comparison);

class Checkpoint {
 public:
  // Opens `path`, or makes it. `job` describes what is compared.
  //   kFailedPrecondition  the file is of another job, of another run that goes on, or cannot be
  //                        used; says why
  static absl::StatusOr<std::unique_ptr<Checkpoint>> Open(const std::string& path,
                                                          const std::string& job);
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  // As the file had it when it was opened; null: nothing of this table. Lives as long as this.
  const TableProgress* Find(const std::string& table) const;
  const std::map<std::string, TableProgress>& tables() const { return tables_; }

  // What happens to a table, in this order. After an error nothing is written any more: a later
  // run goes on from what is there. error() says which.
  void Begin(const std::string& table, const std::string& schema) ABSL_LOCKS_EXCLUDED(mu_);
  void Add(const Difference& difference, const model::Digest& key) ABSL_LOCKS_EXCLUDED(mu_);
  void Chunk(const std::string& after, const std::vector<SuspectPool::Entry>& suspects,
             const TableResult& result) ABSL_LOCKS_EXCLUDED(mu_);
  void Done(const TableResult& result) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status error() const ABSL_LOCKS_EXCLUDED(mu_);

  // The run has ended: the next one begins anew.
  absl::Status Remove();

 private:
  Checkpoint(std::string path, OpenFile file) : path_(std::move(path)), file_(std::move(file)) {}
  absl::Status Load(const std::string& job);
  void Write(const std::string& line, bool sync) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after Open().
  const std::string path_;
  const OpenFile file_;
  std::map<std::string, TableProgress> tables_;

  mutable Mutex mu_;
  absl::Status error_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::verifier
