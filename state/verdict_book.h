// VerdictBook: the verdicts of a state directory, read while a daemon works with it: a connection
// of its own, which takes no lock that the daemon waits for.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/daemon_status.h"
#include "state/sqlite.h"

namespace dcp::state {

class VerdictBook {
 public:
  // REQUIRES: a StateStore has opened `dir`
  static absl::StatusOr<std::unique_ptr<VerdictBook>> Open(const std::string& dir);

  // The last ones of a pair, the oldest first. None if the pair is not known.
  absl::StatusOr<std::vector<model::SegmentActivity>> Last(const std::string& check,
                                                           const std::string& target, size_t most);
  // Those behind `number`, the oldest first.
  absl::StatusOr<std::vector<model::SegmentActivity>> After(uint64_t number, size_t most);
  // 0: there is none.
  absl::StatusOr<uint64_t> NewestNumber();

 private:
  explicit VerdictBook(std::unique_ptr<Database> db) : db_(std::move(db)) {}
  absl::StatusOr<std::vector<model::SegmentActivity>> Read(
      absl::string_view tail, const std::function<void(Statement&)>& bind);

  const std::unique_ptr<Database> db_;
};

}  // namespace dcp::state
