#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/json_string.h"
#include "cmd/dcp/binlog_tables.h"
#include "cmd/dcp/binlog_writer.h"

namespace dcp::cmd {
namespace {

// One count for each RowOp.
using Counts = std::array<uint64_t, 3>;

uint64_t Sum(const Counts& counts) { return counts[0] + counts[1] + counts[2]; }

class SummaryWriter final : public BinlogWriter {
 public:
  explicit SummaryWriter(std::string* out) : out_(*out) {}

  void BeginRows(const mysql::BinlogEvent& event, const BinlogGroup& /*group*/) override {
    count_ = &tables_.Of(event.table)[static_cast<size_t>(event.op)];
  }

  void Row(const Image& /*before*/, const Image& /*after*/) override { ++*count_; }

  void Finish() override {
    width_ = absl::string_view("table").size();
    for (const auto& [name, counts] : tables_.all()) {
      width_ = std::max(width_, TableLabel(name.first, name.second).size());
    }
    AppendLine("table", {"INSERT", "UPDATE", "DELETE", "total"});
    Counts totals = {};
    for (const auto& [name, counts] : tables_.all()) {
      AppendCounts(TableLabel(name.first, name.second), counts);
      for (size_t i = 0; i < counts.size(); ++i) totals[i] += counts[i];
    }
    AppendCounts("total", totals);
  }

 private:
  void AppendCounts(absl::string_view label, const Counts& counts) {
    AppendLine(label, {absl::StrCat(counts[0]), absl::StrCat(counts[1]), absl::StrCat(counts[2]),
                       absl::StrCat(Sum(counts))});
  }

  void AppendLine(absl::string_view label, const std::array<std::string, 4>& cells) {
    absl::StrAppendFormat(&out_, "%-*s", static_cast<int>(width_), label);
    for (const std::string& cell : cells) absl::StrAppendFormat(&out_, " %12s", cell);
    out_ += '\n';
  }

  std::string& out_;
  PerTable<Counts> tables_;
  uint64_t* count_ = nullptr;
  size_t width_ = 0;
};

}  // namespace

std::string TableLabel(const std::string& database, const std::string& table) {
  std::string label = absl::StrCat(database, ".", table);
  const bool plain = std::none_of(label.begin(), label.end(),
                                  [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (plain) return label;
  std::string quoted;
  AppendJsonString(label, &quoted);
  return quoted.substr(1, quoted.size() - 2);
}

std::unique_ptr<BinlogWriter> MakeSummaryWriter(std::string* out) {
  return std::make_unique<SummaryWriter>(out);
}

}  // namespace dcp::cmd
