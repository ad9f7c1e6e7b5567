// What the page's endpoints ask, for tests.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/ports/page_findings.h"
#include "model/ports/segment_history.h"

namespace dcp::server {

// Notes what it is told to do.
class FakeFindings final : public model::PageFindings {
 public:
  absl::StatusOr<std::string> Json() override { return json; }
  absl::Status Acknowledge(int64_t number, const std::string& note) override {
    return Note(absl::StrCat("ack ", number, " ", note));
  }
  absl::Status TakeBackAck(int64_t number) override { return Note(absl::StrCat("unack ", number)); }
  absl::Status Ignore(int64_t number, const std::string& for_time,
                      const std::string& note) override {
    return Note(absl::StrCat("ignore ", number, " for ", for_time, " ", note));
  }

  std::string json = "{}";
  absl::Status next;  // what is answered
  std::vector<std::string> done;

 private:
  absl::Status Note(std::string what) {
    if (next.ok()) done.push_back(std::move(what));
    return next;
  }
};

// Segments 1, 2, … up to `newest`, of which the last `kept` are known.
class FakeHistory final : public model::SegmentHistory {
 public:
  Answer After(uint64_t number) const override {
    Answer answer;
    const uint64_t forgotten = newest - std::min(newest, kept);
    answer.complete = number >= forgotten && number <= newest;
    for (uint64_t n = std::max(number, forgotten) + 1; n <= newest; ++n) {
      model::SegmentActivity& segment = answer.segments.emplace_back();
      segment.number = n;
      segment.check = "orders";
      segment.verdict = "same";
    }
    return answer;
  }

  uint64_t newest = 0, kept = 100;
};

}  // namespace dcp::server
