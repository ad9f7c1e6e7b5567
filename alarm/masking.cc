#include "alarm/masking.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "alarm/hmac.h"
#include "alarm/text.h"
#include "model/wildcard.h"

namespace dcp::alarm {
namespace {

// Of a 256-bit hash: enough to tell values apart.
constexpr size_t kHashDigits = 16;

// A key that was masked when it was stored is masked once.
bool IsHash(absl::string_view json) {
  return absl::ConsumePrefix(&json, "\"hash:") && absl::ConsumeSuffix(&json, "\"") &&
         json.size() == kHashDigits && std::all_of(json.begin(), json.end(), [](unsigned char c) {
           return absl::ascii_isxdigit(c);
         });
}

// A string with its quotes. `json` is the value as the alarm would have had it.
std::string Masked(const MaskRule& rule, absl::string_view json) {
  if (rule.how == MaskRule::How::kStars) return R"("***")";
  if (IsHash(json)) return std::string(json);
  return absl::StrCat("\"hash:", HmacSha256(rule.hash_key, json).substr(0, kHashDigits), "\"");
}

bool Holds(const std::vector<std::string>& names, absl::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& one) { return absl::EqualsIgnoreCase(one, name); });
}

bool Matches(const MaskRule& rule, absl::string_view table) {
  return std::any_of(rule.tables.begin(), rule.tables.end(), [&](const std::string& pattern) {
    return model::MatchesWildcard(pattern, table);
  });
}

// The items of an array as they stand there.
std::vector<std::string> Items(absl::string_view json_array) {
  std::vector<std::string> items;
  // A number is not to lose a digit on its way: the text between commas is taken.
  size_t begin = 1;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 1; i < json_array.size(); ++i) {
    const char c = json_array[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
      continue;
    }
    quoted = c == '"';
    if (c == '[' || c == '{') ++depth;
    const bool end = depth == 0 && (c == ',' || c == ']');
    if (end && i > begin) items.emplace_back(json_array.substr(begin, i - begin));
    if (end) begin = i + 1;
    if (c == ']' || c == '}') --depth;
  }
  return items;
}

std::string NameOf(const model::RowDiff& diff) {
  return diff.table != nullptr ? diff.table->name : diff.table_name;
}

}  // namespace

bool Masks::Cover(absl::string_view table) const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [&](const MaskRule& rule) { return Matches(rule, table); });
}

const MaskRule* Masks::RuleFor(absl::string_view table, absl::string_view column) const {
  for (const MaskRule& rule : rules_) {
    if (Matches(rule, table) && Holds(rule.columns, column)) return &rule;
  }
  return nullptr;
}

const MaskRule& Masks::AnyRule(absl::string_view table) const {
  return *std::find_if(rules_.begin(), rules_.end(),
                       [&](const MaskRule& rule) { return Matches(rule, table); });
}

std::string Masks::Values(absl::string_view table, const std::vector<std::string>& columns,
                          absl::string_view json_array) const {
  const std::vector<std::string> items = Items(json_array);
  const bool named = items.size() == columns.size();
  std::string out = "[";
  for (size_t i = 0; i < items.size(); ++i) {
    const MaskRule* rule = named ? RuleFor(table, columns[i]) : &AnyRule(table);
    absl::StrAppend(&out, i == 0 ? "" : ",", rule == nullptr ? items[i] : Masked(*rule, items[i]));
  }
  return out + "]";
}

std::string Masks::Row(const model::Table& table, const std::string& json) const {
  if (!Cover(table.name) || json == "null") return json;
  if (!IsJsonArray(json)) return Masked(AnyRule(table.name), json);
  return Values(table.name, table.columns, json);
}

std::string Masks::Key(const model::Table* table, const std::string& key_text) const {
  const std::string name = table != nullptr ? table->name : key_text.substr(0, key_text.find('['));
  if (!Cover(name)) return key_text;
  if (table == nullptr && tables_ != nullptr) table = tables_->Find(name);
  absl::string_view values = key_text;
  if (!absl::ConsumePrefix(&values, name) || !IsJsonArray(values)) {
    return absl::StrCat(name, "[", Masked(AnyRule(name), JsonString(key_text)), "]");
  }
  static const std::vector<std::string> kUnknown;
  const std::vector<std::string>& columns = table == nullptr ? kUnknown : table->key_columns;
  return absl::StrCat(name, Values(name, columns, values));
}

// A statement on the table has no row and no key.
ShownRows::ShownRows(const model::RowRenderer& rows, const Masks* masks, const model::RowDiff& diff)
    : rows_(rows),
      masks_(masks != nullptr && diff.kind != model::DiffKind::kDdl && !NameOf(diff).empty() &&
                     masks->Cover(NameOf(diff))
                 ? masks
                 : nullptr),
      table_(diff.table),
      table_name_(masks_ == nullptr ? "" : NameOf(diff)),
      key_text_(masks_ == nullptr ? diff.key_text : masks_->Key(diff.table, diff.key_text)) {}

std::string ShownRows::Json(absl::string_view content) const {
  std::string json = rows_.Json(content);
  return masks_ == nullptr ? json : Masked(json);
}

std::string ShownRows::Masked(const std::string& json) const {
  if (table_ != nullptr) return masks_->Row(*table_, json);
  return masks_->Row(model::Table{.name = table_name_, .columns = {}}, json);
}

std::string ShownRows::BeforeJson(absl::string_view content) const {
  std::string json = rows_.BeforeJson(content);
  return masks_ == nullptr || json.empty() ? json : Masked(json);
}

std::vector<std::string> Rendering::Keys(const std::vector<std::string>& key_texts) const {
  if (masks_ == nullptr) return key_texts;
  std::vector<std::string> shown;
  for (const std::string& key_text : key_texts) shown.push_back(Key(key_text));
  return shown;
}

std::string Rendering::Key(const std::string& key_text) const {
  return masks_ == nullptr ? key_text : masks_->Key(nullptr, key_text);
}

model::Severity Rendering::SeverityOf(absl::string_view check, model::AlarmType type,
                                      const model::Verdict* verdict) const {
  static const SeverityLimits kNone;
  return alarm::SeverityOf(check, type, verdict, limits_ == nullptr ? kNone : *limits_);
}

}  // namespace dcp::alarm
