// FindingBook: the findings of a state directory for the command line, to read and to mark,
// whether a daemon works with the directory or not. It takes no lock of the directory: it writes
// only what the daemon never keeps in memory for longer than one report (acknowledgements and
// rules on what to ignore), each in a short transaction of its own, in which it looks first
// whether the finding is still open. SQLite orders these transactions and the daemon's.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/finding.h"
#include "model/ports/finding_desk.h"
#include "state/finding_row.h"
#include "state/sqlite.h"

namespace dcp::state {

class FindingBook final : public model::FindingDesk {
 public:
  using Entry = model::FindingEntry;
  using Filter = model::FindingFilter;
  // More rules than these are refused: the daemon asks them for each row.
  static constexpr size_t kMaxRules = 1000;

  // Creates nothing and changes no form.
  //   kNotFound            there is no state in `dir`
  //   kFailedPrecondition  it is of another version
  //   and what state/sqlite.h says
  static absl::StatusOr<std::unique_ptr<FindingBook>> Open(const std::string& dir,
                                                           Database::Mode mode);

  // Read in pages: the daemon can write its log back while `take` runs.
  absl::Status List(const Filter& filter, absl::Time now,
                    const std::function<bool(const Entry&)>& take) override;
  // Those that are not resolved, the newest first, `most` at most.
  absl::StatusOr<std::vector<Entry>> Newest(size_t most, absl::Time now);
  // Another number after each change by anybody else.
  absl::StatusOr<int64_t> DataVersion() { return db_->ReadInteger("PRAGMA data_version"); }
  absl::StatusOr<std::vector<Entry>> Find(const std::string& name, absl::Time now) override;
  absl::Status Acknowledge(const model::FindingAck& ack) override;
  absl::Status IgnoreFinding(int64_t number, std::optional<absl::Time> until,
                             const std::string& note, absl::Time now) override;
  absl::Status TakeBackAck(int64_t number) override;
  absl::StatusOr<std::vector<model::IgnoreRule>> Rules() override { return ReadRules(*db_); }
  // kResourceExhausted: there are kMaxRules.
  absl::StatusOr<int64_t> AddRule(const model::IgnoreRule& rule) override;
  absl::Status RemoveRule(int64_t number) override;

 private:
  explicit FindingBook(std::unique_ptr<Database> db) : db_(std::move(db)) {}
  // One page of List(), from behind the number `after` on.
  absl::StatusOr<std::vector<Entry>> ReadPage(int64_t after, absl::Time now);
  // `take` runs while the database is read.
  absl::Status Read(const std::string& where, const std::function<void(Statement&)>& bind,
                    absl::Time now, const std::function<bool(Entry&&)>& take,
                    int64_t most = std::numeric_limits<int64_t>::max());
  absl::StatusOr<Entry> OpenOne(int64_t number);
  absl::StatusOr<int64_t> InsertRule(const model::IgnoreRule& rule);

  const std::unique_ptr<Database> db_;
};

}  // namespace dcp::state
