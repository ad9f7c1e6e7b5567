// StoredPageFindings: PageFindings of a state directory that the daemon of this process works
// with. Findings are read again only when something has changed.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/ports/page_findings.h"
#include "state/finding_book.h"

namespace dcp::cmd {

class StoredPageFindings final : public model::PageFindings {
 public:
  static constexpr size_t kMaxFindings = 100;
  static constexpr size_t kMaxBytes = 1 << 20;  // but one finding at least

  // `clock` outlives it. Errors as of FindingBook::Open.
  static absl::StatusOr<std::unique_ptr<StoredPageFindings>> Open(const std::string& dir,
                                                                  const Clock& clock);

  absl::StatusOr<std::string> Json() override ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Acknowledge(int64_t number, const std::string& note) override
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status TakeBackAck(int64_t number) override ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Ignore(int64_t number, const std::string& for_time, const std::string& note) override
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  StoredPageFindings(std::unique_ptr<state::FindingBook> book, const Clock& clock)
      : clock_(clock), book_(std::move(book)) {}
  absl::StatusOr<std::string> Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // What this connection writes is no change by anybody else.
  absl::Status Wrote(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Clock& clock_;
  Mutex mu_;
  const std::unique_ptr<state::FindingBook> book_ ABSL_PT_GUARDED_BY(mu_);
  std::string list_ ABSL_GUARDED_BY(mu_), json_ ABSL_GUARDED_BY(mu_);
  uint64_t revision_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t version_ ABSL_GUARDED_BY(mu_) = -1;  // that `json_` is of
  absl::Duration read_at_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::cmd
