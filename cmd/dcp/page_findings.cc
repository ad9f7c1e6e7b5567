#include "cmd/dcp/page_findings.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cmd/dcp/finding_json.h"

namespace dcp::cmd {
namespace {

// Rules end by the clock, which changes nothing in the state.
constexpr absl::Duration kReadAnyway = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<StoredPageFindings>> StoredPageFindings::Open(const std::string& dir,
                                                                             const Clock& clock) {
  DCP_ASSIGN_OR_RETURN(auto book, state::FindingBook::Open(dir, state::Database::Mode::kExisting));
  return std::unique_ptr<StoredPageFindings>(new StoredPageFindings(std::move(book), clock));
}

absl::StatusOr<std::string> StoredPageFindings::Json() {
  MutexLock lock(mu_);
  DCP_ASSIGN_OR_RETURN(const int64_t version, book_->DataVersion());
  const absl::Duration now = clock_.Monotonic();
  if (version == version_ && now - read_at_ < kReadAnyway) return json_;
  DCP_ASSIGN_OR_RETURN(const std::string list, Read());
  if (list != list_) ++revision_;
  list_ = list;
  json_ = absl::StrCat("{\"revision\":", revision_, ",", list_, "}");
  version_ = version;
  read_at_ = now;
  return json_;
}

absl::StatusOr<std::string> StoredPageFindings::Read() {
  DCP_ASSIGN_OR_RETURN(const auto newest, book_->Newest(kMaxFindings + 1, clock_.Now()));
  std::string list;
  size_t count = 0;
  for (; count < newest.size() && count < kMaxFindings; ++count) {
    const std::string one = ToJson(newest[count], /*with_row=*/true);
    if (count > 0 && list.size() + one.size() > kMaxBytes) break;
    absl::StrAppend(&list, count > 0 ? "," : "", one);
  }
  return absl::StrCat("\"findings\":[", list,
                      "],\"more\":", count < newest.size() ? "true" : "false");
}

absl::Status StoredPageFindings::Wrote(absl::Status status) {
  version_ = -1;
  return status;
}

absl::Status StoredPageFindings::Acknowledge(int64_t number, const std::string& note) {
  MutexLock lock(mu_);
  return Wrote(book_->Acknowledge({number, clock_.Now(), note}));
}

absl::Status StoredPageFindings::TakeBackAck(int64_t number) {
  MutexLock lock(mu_);
  return Wrote(book_->TakeBackAck(number));
}

absl::Status StoredPageFindings::Ignore(int64_t number, const std::string& for_time,
                                        const std::string& note) {
  const absl::Time now = clock_.Now();
  std::optional<absl::Time> until;
  if (!for_time.empty()) {
    DCP_ASSIGN_OR_RETURN(until, EndOf(for_time, now));
  }
  MutexLock lock(mu_);
  return Wrote(book_->IgnoreFinding(number, until, note, now));
}

}  // namespace dcp::cmd
