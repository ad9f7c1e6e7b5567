// FakeSink: a ChangeSink that keeps what it gets, as text, and can be held.
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "model/ports/change_sink.h"
#include "tests/support/eventually.h"

namespace dcp::collector {

class FakeSink final : public model::ChangeSink {
 public:
  absl::Status Open(const model::Tag& tag, model::StreamOrigin origin) override;
  absl::Status Append(const model::Tag& tag, model::ChangeBatchPtr batch) override;

  // From now on Append of `tag` waits until Let(tag), or Cancel().
  void Hold(const std::string& tag);
  void Let(const std::string& tag);
  // Waiting and later calls return kCancelled.
  void Cancel();
  // Later calls of Open, or of Append, return `status`.
  void FailOpen(absl::Status status);
  void FailAppend(absl::Status status);

  // What `tag` got: "open", "open restart", "barrier 7", "42=INSERT [42]" (the
  // captured content behind the key), in order.
  std::vector<std::string> log(const std::string& tag) const;
  std::string open_detail(const std::string& tag) const;  // of the last Open
  std::string open_place(const std::string& tag) const;   // the same; empty: none
  // Of the barriers that `tag` got.
  std::vector<std::string> places(const std::string& tag) const;
  std::vector<model::ChangeBatchPtr> batches(const std::string& tag) const;
  bool waiting(const std::string& tag) const;  // an Append of it is held

  // Waits for `value` to stay the same for a while; false if it never does.
  static bool Settles(const std::function<int64_t()>& value);

 private:
  mutable Mutex mu_;
  CondVar changed_;
  std::map<std::string, std::vector<std::string>> logs_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> details_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> places_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::vector<model::ChangeBatchPtr>> batches_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> held_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> waiting_ ABSL_GUARDED_BY(mu_);
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status open_status_ ABSL_GUARDED_BY(mu_);
  absl::Status append_status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::collector
