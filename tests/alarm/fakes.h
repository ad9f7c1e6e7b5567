// Outcomes to make alarms of, and fakes of what surrounds them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "alarm/alarm.h"
#include "model/pair_state.h"
#include "model/ports/row_renderer.h"

namespace dcp::alarm {

// Contents are the JSON text itself, behind a line end that of the row before.
class FakeRenderer final : public model::RowRenderer {
 public:
  std::string Json(absl::string_view content) const override {
    return std::string(content.substr(0, content.find('\n')));
  }
  // What stands behind a line end.
  std::string BeforeJson(absl::string_view content) const override {
    const size_t end = content.find('\n');
    return std::string(end == absl::string_view::npos ? "" : content.substr(end + 1));
  }
  std::vector<size_t> DifferingColumns(absl::string_view a, absl::string_view b) const override {
    const auto left = nlohmann::json::parse(Json(a));
    const auto right = nlohmann::json::parse(Json(b));
    std::vector<size_t> differing;
    if (!left.is_array() || !right.is_array() || left.size() != right.size()) return differing;
    for (size_t i = 0; i < left.size(); ++i) {
      if (left[i] != right[i]) differing.push_back(i);
    }
    return differing;
  }
};

inline model::OutcomeHead Head(uint64_t from = 12, uint64_t to = 13) {
  return {.check = "orders",
          .source = "src",
          .target = "dst",
          .epoch = 1,
          .from = from,
          .to = to,
          .at = absl::FromUnixMillis(1'714'564'800'123)};
}

inline const model::Table& Orders() {
  static const model::Table table{.name = "shop.orders", .columns = {"id", "v"}, .keyless = false};
  return table;
}

inline model::ChangeEvidence Change(model::Op op, std::string txn, std::string row) {
  return {.op = op,
          .txn = std::move(txn),
          .file = "bin.000007",
          .offset = 1234,
          .timestamp_micros = 1'714'564'798'000'000,
          .content = std::move(row)};
}

inline model::RowDiff Missing() {
  model::RowDiff diff;
  diff.kind = model::DiffKind::kMissing;
  diff.table = &Orders();
  diff.key_text = "shop.orders[42]";
  diff.source = Change(model::Op::kInsert, "uuid:7", R"([42,"x"])");
  return diff;
}

inline model::RowDiff Mismatch() {
  model::RowDiff diff = Missing();
  diff.kind = model::DiffKind::kMismatch;
  diff.target = Change(model::Op::kInsert, "uuid:9", R"([42,"y"])");
  return diff;
}

// Of one outcome, without an update.
inline model::Report ReportOf(model::Outcome outcome) {
  model::Report report{"orders", "dst", {}, {}};
  report.outcomes.push_back(std::move(outcome));
  return report;
}

inline model::Verdict Same(uint64_t from = 12, uint64_t to = 13) {
  model::Verdict verdict;
  verdict.head = Head(from, to);
  verdict.source_rows = 10;
  verdict.target_rows = 9;
  return verdict;
}

inline model::Verdict Diff(std::vector<model::RowDiff> diffs, uint64_t from = 12,
                           uint64_t to = 13) {
  model::Verdict verdict = Same(from, to);
  verdict.kind = model::Verdict::Kind::kDiff;
  verdict.diff_count = diffs.size();
  verdict.diffs = std::move(diffs);
  return verdict;
}

inline model::Verdict Unverified(std::string reason, std::string detail, std::string table) {
  model::Verdict verdict = Same();
  verdict.kind = model::Verdict::Kind::kUnverified;
  verdict.unverified_reason = std::move(reason);
  verdict.unverified_detail = std::move(detail);
  verdict.unverified_table = std::move(table);
  return verdict;
}

inline model::Timeout Late() {
  return {.head = Head(20, 21),
          .last_barrier = 20,
          .lag = absl::Milliseconds(30'500),
          .detail = "sends data but no barrier"};
}

inline model::Resolved Ended() {
  return {.head = Head(15, 16), .resolves = {std::string(32, 'a')}, .keys = {"shop.orders[42]"}};
}

}  // namespace dcp::alarm
