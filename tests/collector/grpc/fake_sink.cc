#include "tests/collector/grpc/fake_sink.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace dcp::collector {
namespace {

std::string Describe(const model::ChangeBatch& batch, const model::Change& change) {
  std::string text(batch.text(change.key_text));
  const absl::string_view content = batch.text(change.content);
  if (content.empty()) return text;
  if (content[0] != model::kPushedText) return absl::StrCat(text, " with a content of no pushed");
  return absl::StrCat(text, "=", content.substr(1));
}

void Describe(const model::ChangeBatch& batch, std::vector<std::string>& log) {
  for (const model::Txn& txn : batch.txns) {
    for (uint32_t i = txn.marks_begin; i < txn.marks_end; ++i) {
      log.push_back(absl::StrCat("barrier ", batch.marks[i].barrier_offset));
    }
    for (uint32_t i = txn.changes_begin; i < txn.changes_end; ++i) {
      log.push_back(Describe(batch, batch.changes[i]));
    }
  }
}

}  // namespace

absl::Status FakeSink::Open(const model::Tag& tag, model::StreamOrigin origin) {
  MutexLock lock(mu_);
  if (!open_status_.ok()) return open_status_;
  logs_[tag.value()].push_back(origin.reason.empty() ? "open"
                                                     : absl::StrCat("open ", origin.reason));
  details_[tag.value()] = origin.detail;
  places_[tag.value()] = origin.place == nullptr ? "" : *origin.place;
  return absl::OkStatus();
}

absl::Status FakeSink::Append(const model::Tag& tag, model::ChangeBatchPtr batch) {
  MutexLock lock(mu_);
  waiting_.insert(tag.value());
  while (held_.contains(tag.value()) && !cancelled_) changed_.Wait(mu_);
  waiting_.erase(tag.value());
  if (cancelled_) return absl::CancelledError("stopping");
  if (!append_status_.ok()) return append_status_;
  Describe(*batch, logs_[tag.value()]);
  batches_[tag.value()].push_back(std::move(batch));
  return absl::OkStatus();
}

void FakeSink::Hold(const std::string& tag) {
  MutexLock lock(mu_);
  held_.insert(tag);
}

void FakeSink::Let(const std::string& tag) {
  MutexLock lock(mu_);
  held_.erase(tag);
  changed_.NotifyAll();
}

void FakeSink::Cancel() {
  MutexLock lock(mu_);
  cancelled_ = true;
  changed_.NotifyAll();
}

void FakeSink::FailOpen(absl::Status status) {
  MutexLock lock(mu_);
  open_status_ = std::move(status);
}

void FakeSink::FailAppend(absl::Status status) {
  MutexLock lock(mu_);
  append_status_ = std::move(status);
}

std::vector<std::string> FakeSink::log(const std::string& tag) const {
  MutexLock lock(mu_);
  const auto it = logs_.find(tag);
  return it == logs_.end() ? std::vector<std::string>() : it->second;
}

std::string FakeSink::open_detail(const std::string& tag) const {
  MutexLock lock(mu_);
  const auto it = details_.find(tag);
  return it == details_.end() ? "" : it->second;
}

std::string FakeSink::open_place(const std::string& tag) const {
  MutexLock lock(mu_);
  const auto it = places_.find(tag);
  return it == places_.end() ? "" : it->second;
}

std::vector<std::string> FakeSink::places(const std::string& tag) const {
  std::vector<std::string> places;
  for (const model::ChangeBatchPtr& batch : batches(tag)) {
    for (const model::Mark& mark : batch->marks) {
      places.push_back(mark.place == nullptr ? "" : *mark.place);
    }
  }
  return places;
}

std::vector<model::ChangeBatchPtr> FakeSink::batches(const std::string& tag) const {
  MutexLock lock(mu_);
  const auto it = batches_.find(tag);
  return it == batches_.end() ? std::vector<model::ChangeBatchPtr>() : it->second;
}

bool FakeSink::waiting(const std::string& tag) const {
  MutexLock lock(mu_);
  return waiting_.contains(tag) && held_.contains(tag);
}

bool FakeSink::Settles(const std::function<int64_t()>& value) {
  int64_t last = value();
  absl::Duration since = Clock::Real().Monotonic();
  return test::Eventually([&] {
    const absl::Duration now = Clock::Real().Monotonic();
    if (const int64_t next = value(); next != last) {
      last = next;
      since = now;
    }
    return now - since >= absl::Milliseconds(100);
  });
}

}  // namespace dcp::collector
