#include "alarm/common.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "alarm/evidence.h"
#include "alarm/text.h"

namespace dcp::alarm {
namespace {

struct Range {
  int64_t first = 0, last = 0;
};

struct Common {
  std::string kind, table, source_txn, target_txn;  // "": not common
  std::string first_time, last_time;                // "": no row has one
  std::vector<std::string> columns;                 // that differ in every row
  std::optional<Range> keys;                        // contiguous, one integer each
};

// The member's value if it is the same in all rows, else "".
std::string Shared(const std::vector<RowFacts>& rows, std::string RowFacts::*member) {
  const std::string& first = rows.front().*member;
  const bool shared = std::all_of(rows.begin(), rows.end(),
                                  [&](const RowFacts& row) { return row.*member == first; });
  return shared ? first : "";
}

std::vector<std::string> SharedColumns(const std::vector<RowFacts>& rows) {
  std::vector<std::string> shared = rows.front().columns;
  for (const RowFacts& row : rows) {
    std::erase_if(shared, [&](const std::string& column) {
      return std::find(row.columns.begin(), row.columns.end(), column) == row.columns.end();
    });
  }
  return shared;
}

// `[42]`
std::optional<int64_t> IntegerKey(const std::string& key_json) {
  absl::string_view text = key_json;
  int64_t value = 0;
  if (!absl::ConsumePrefix(&text, "[") || !absl::ConsumeSuffix(&text, "]")) return std::nullopt;
  if (!absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

std::optional<Range> ContiguousKeys(const std::vector<RowFacts>& rows) {
  std::vector<int64_t> keys;
  for (const RowFacts& row : rows) {
    const auto key = IntegerKey(row.key_json);
    if (!key || row.table != rows.front().table) return std::nullopt;
    keys.push_back(*key);
  }
  std::sort(keys.begin(), keys.end());
  for (size_t i = 1; i < keys.size(); ++i) {
    // As unsigned: the distance of two 64-bit numbers.
    if (static_cast<uint64_t>(keys[i]) - static_cast<uint64_t>(keys[i - 1]) > 1) {
      return std::nullopt;
    }
  }
  if (keys.front() == keys.back()) return std::nullopt;
  return Range{keys.front(), keys.back()};
}

Common Find(const std::vector<RowFacts>& rows) {
  Common common{.kind = Shared(rows, &RowFacts::kind),
                .table = Shared(rows, &RowFacts::table),
                .source_txn = Shared(rows, &RowFacts::source_txn),
                .target_txn = Shared(rows, &RowFacts::target_txn),
                .first_time = "",
                .last_time = "",
                .columns = SharedColumns(rows),
                .keys = ContiguousKeys(rows)};
  for (const RowFacts& row : rows) {
    for (const std::string& time : row.times) {  // of one form: they sort as they are
      if (common.first_time.empty() || time < common.first_time) common.first_time = time;
      common.last_time = std::max(common.last_time, time);
    }
  }
  return common;
}

void AddMember(const char* name, const std::string& value, std::vector<std::string>* members) {
  if (!value.empty()) members->push_back(absl::StrCat("\"", name, "\":", JsonString(value)));
}

}  // namespace

RowFacts FactsOf(const model::RowDiff& diff, const Rendering& renderer) {
  const ShownRows rows = renderer.For(diff);
  RowFacts facts{.kind = model::ToString(diff.kind),
                 .table = diff.table != nullptr ? diff.table->name : diff.table_name,
                 .key_json = KeyJson(diff, rows.key_text()),
                 .source_txn = diff.source ? diff.source->txn : "",
                 .target_txn = diff.target ? diff.target->txn : "",
                 .columns = DifferingColumns(diff, rows)};
  for (const auto* change : {&diff.source, &diff.target}) {
    if (!*change || (*change)->timestamp_micros == 0) continue;
    facts.times.push_back(Rfc3339(absl::FromUnixMicros((*change)->timestamp_micros)));
  }
  return facts;
}

std::string CommonJson(const std::vector<RowFacts>& rows) {
  if (rows.size() < 2) return "";
  const Common common = Find(rows);
  std::vector<std::string> members;
  AddMember("kind", common.kind, &members);
  AddMember("table", common.table, &members);
  AddMember("source_txn", common.source_txn, &members);
  AddMember("target_txn", common.target_txn, &members);
  AddMember("first_ts", common.first_time, &members);
  AddMember("last_ts", common.last_time, &members);
  if (!common.columns.empty()) {
    members.push_back(absl::StrCat("\"columns\":", JsonStrings(common.columns)));
  }
  if (common.keys) {
    members.push_back(absl::StrCat("\"keys\":{\"first\":", common.keys->first,
                                   ",\"last\":", common.keys->last, "}"));
  }
  return absl::StrCat("{", absl::StrJoin(members, ","), "}");
}

std::string CommonText(const std::vector<RowFacts>& rows) {
  if (rows.size() < 2) return "";
  const Common common = Find(rows);
  std::vector<std::string> parts;
  if (!common.kind.empty()) parts.push_back(absl::StrCat("all ", common.kind));
  if (!common.source_txn.empty()) {
    parts.push_back(absl::StrCat("one source transaction ", Readable(common.source_txn)));
  }
  if (!common.target_txn.empty()) {
    parts.push_back(absl::StrCat("one target transaction ", Readable(common.target_txn)));
  }
  if (!common.columns.empty()) {
    parts.push_back(absl::StrCat("all in ", Readable(absl::StrJoin(common.columns, ", "))));
  }
  if (common.keys) {
    parts.push_back(absl::StrCat("keys ", common.keys->first, " to ", common.keys->last));
  }
  return absl::StrJoin(parts, "; ");
}

}  // namespace dcp::alarm
