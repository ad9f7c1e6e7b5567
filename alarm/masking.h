// Masking: values that alarms, diff files and log lines do not show. Pure.
//
// A masked value is never shown; that two of them differ still is: `columns` comes
// from the values themselves. Where it is not known which value belongs to which
// column (no names in the metadata, a key of unknown columns, a pushed text that is
// no row), everything of that row or key is masked.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "alarm/severity.h"
#include "model/ports/row_renderer.h"
#include "model/table.h"
#include "model/verdict.h"

namespace dcp::alarm {

struct MaskRule {
  enum class How : uint8_t { kStars, kHash };
  std::vector<std::string> tables;   // logical names, with wildcards
  std::vector<std::string> columns;  // by name, whatever its case
  How how = How::kStars;
  std::string hash_key = {};  // kHash: HMAC-SHA256 by it
};

class Masks {
 public:
  // `tables` tells the columns of a key that comes without its table; it must
  // outlive this.
  Masks(std::vector<MaskRule> rules, const model::TableRegistry* tables)
      : rules_(std::move(rules)), tables_(tables) {}

  // True if a row of the table may hold what is masked.
  bool Cover(absl::string_view table) const;

  // `json` is a row of `table` as an array, or a string or null.
  std::string Row(const model::Table& table, const std::string& json) const;

  // "shop.orders[42,"eu"]". `table` may be null: then it is looked for by the name
  // that the key begins with.
  std::string Key(const model::Table* table, const std::string& key_text) const;

 private:
  // The rule for a column, null if it is shown.
  const MaskRule* RuleFor(absl::string_view table, absl::string_view column) const;
  // The first rule that covers the table. REQUIRES: Cover(table)
  const MaskRule& AnyRule(absl::string_view table) const;
  // `json_array` with the masked of `columns` replaced; all of it when their number
  // is another.
  std::string Values(absl::string_view table, const std::vector<std::string>& columns,
                     absl::string_view json_array) const;

  const std::vector<MaskRule> rules_;
  const model::TableRegistry* const tables_;
};

// The rows of one difference as they may be shown.
class ShownRows final : public model::RowRenderer {
 public:
  ShownRows(const model::RowRenderer& rows, const Masks* masks, const model::RowDiff& diff);

  std::string Json(absl::string_view content) const override;
  std::string BeforeJson(absl::string_view content) const override;
  std::vector<size_t> DifferingColumns(absl::string_view a, absl::string_view b) const override {
    return rows_.DifferingColumns(a, b);
  }
  const std::string& key_text() const { return key_text_; }

 private:
  std::string Masked(const std::string& json) const;

  const model::RowRenderer& rows_;
  const Masks* const masks_;         // null: nothing of the table is masked
  const model::Table* const table_;  // null: not known; then all of its values are masked
  const std::string table_name_;
  std::string key_text_;
};

// How alarms are made: rows rendered, masked where `masks` is not null, and no alarm more severe
// than `limits` say. All must outlive it.
class Rendering {
 public:
  Rendering(const model::RowRenderer& rows,  // NOLINT(*-explicit-*): a renderer alone masks nothing
            const Masks* masks = nullptr, const SeverityLimits* limits = nullptr)
      : rows_(&rows), masks_(masks), limits_(limits) {}

  ShownRows For(const model::RowDiff& diff) const { return ShownRows(*rows_, masks_, diff); }
  std::vector<std::string> Keys(const std::vector<std::string>& key_texts) const;
  std::string Key(const std::string& key_text) const;
  // As SeverityOf in severity.h.
  model::Severity SeverityOf(absl::string_view check, model::AlarmType type,
                             const model::Verdict* verdict) const;

 private:
  const model::RowRenderer* rows_;
  const Masks* masks_;
  const SeverityLimits* limits_;
};

}  // namespace dcp::alarm
