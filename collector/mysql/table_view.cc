#include "collector/mysql/table_view.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mysql/column_type.h"

namespace dcp::collector {
namespace {

Real RealOf(const mysql::Column& column) {
  if (column.type == mysql::kTypeFloat) return Real::kFloat;
  if (column.type == mysql::kTypeDouble) return Real::kDouble;
  return Real::kNo;
}

bool Ignores(const TablePattern& pattern, absl::string_view name) {
  const auto& ignored = pattern.ignore_columns;
  return std::any_of(ignored.begin(), ignored.end(),
                     [&](const std::string& one) { return absl::EqualsIgnoreCase(one, name); });
}

template <typename Columns>
auto FindByName(const Columns& columns, absl::string_view name) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& column) {
    return absl::EqualsIgnoreCase(column.name, name);
  });
  return found == columns.end() ? nullptr : &*found;
}

bool IsTooNarrow(const ViewedColumn& column, const EncodedColumn& encoded) {
  return column.real == Real::kFloat && encoded.real == Real::kDouble;
}

bool SameColumn(const Encoding& a, const Encoding& b, absl::string_view name) {
  const EncodedColumn* in_a = FindColumn(a, name);
  const EncodedColumn* in_b = FindColumn(b, name);
  if (in_a == nullptr || in_b == nullptr) return in_a == in_b;
  return in_a->real == in_b->real;
}

bool SameKey(const Encoding& a, const Encoding& b) {
  return std::equal(a.key.begin(), a.key.end(), b.key.begin(), b.key.end(),
                    [](const EncodedColumn& x, const EncodedColumn& y) {
                      return absl::EqualsIgnoreCase(x.name, y.name);
                    });
}

// Of the columns that both have.
bool SameOrder(const Encoding& a, const Encoding& b) {
  auto next = b.columns.begin();
  for (const EncodedColumn& column : a.columns) {
    if (FindColumn(b, column.name) == nullptr) continue;
    while (next != b.columns.end() && FindColumn(a, next->name) == nullptr) ++next;
    if (next == b.columns.end()) return false;  // a name stands twice
    if (!absl::EqualsIgnoreCase(next->name, column.name)) return false;
    ++next;
  }
  return true;
}

std::string ListOf(const std::vector<std::string>& names) {
  return absl::StrCat(names.size() == 1 ? "column " : "columns ", absl::StrJoin(names, ", "));
}

}  // namespace

TableView ViewOf(const mysql::TableSchema& schema, const TablePattern& pattern) {
  TableView view;
  view.physical = absl::StrCat(schema.database, ".", schema.name);
  for (const mysql::Column& column : schema.columns) {
    const bool ignored = column.hidden || Ignores(pattern, column.name);
    view.columns.push_back({column.name, RealOf(column), ignored});
    if (column.name.empty()) view.names_known = false;
  }
  view.key_known = schema.key_kind != mysql::TableSchema::KeyKind::kUnknown;
  if (schema.key_kind == mysql::TableSchema::KeyKind::kNone) return view;
  for (const uint32_t ordinal : schema.key_columns) {
    if (ordinal < schema.columns.size()) view.key.push_back(schema.columns[ordinal].name);
  }
  return view;
}

const ViewedColumn* FindAny(const TableView& view, absl::string_view name) {
  return FindByName(view.columns, name);
}

const ViewedColumn* FindCompared(const TableView& view, absl::string_view name) {
  const ViewedColumn* column = FindAny(view, name);
  return column == nullptr || column->ignored ? nullptr : column;
}

const EncodedColumn* FindColumn(const Encoding& encoding, absl::string_view name) {
  return FindByName(encoding.columns, name);
}

Encoding OwnEncoding(const TableView& view) {
  Encoding own;
  own.names_known = view.names_known;
  for (const ViewedColumn& column : view.columns) {
    if (!column.ignored) own.columns.push_back({column.name, column.real});
  }
  for (const std::string& name : view.key) {
    const ViewedColumn* column = FindAny(view, name);
    own.key.push_back({name, column == nullptr ? Real::kNo : column->real});
  }
  return own;
}

std::string WhyNot(const TableView& view, const Encoding& encoding, bool strict) {
  if (!view.names_known || !encoding.names_known) {
    const size_t own = OwnEncoding(view).columns.size();
    if (own == encoding.columns.size()) return "";
    return absl::StrCat("has ", own, " columns where the source has ", encoding.columns.size(),
                        ", and their names are not known; let both servers write them: SET GLOBAL "
                        "binlog_row_metadata = 'FULL'");
  }
  std::vector<std::string> lacking, narrow, key;
  for (const EncodedColumn& column : encoding.columns) {
    const ViewedColumn* own = FindCompared(view, column.name);
    if (own == nullptr) lacking.push_back(column.name);
    if (own != nullptr && IsTooNarrow(*own, column)) narrow.push_back(column.name);
  }
  for (const EncodedColumn& column : encoding.key) {
    const ViewedColumn* own = FindAny(view, column.name);
    if (own == nullptr) key.push_back(column.name);
    if (own != nullptr && IsTooNarrow(*own, column)) narrow.push_back(column.name);
  }
  if (!key.empty()) return absl::StrCat("lacks the key ", ListOf(key), " of the source");
  if (!lacking.empty() && !strict) return absl::StrCat("lacks ", ListOf(lacking), " of the source");
  if (!narrow.empty()) {
    return absl::StrCat("has FLOAT in ", ListOf(narrow), ", where the source has DOUBLE");
  }
  return "";
}

Encoding WithOwnColumns(const TableView& view, const Encoding& encoding) {
  Encoding both;
  both.key = encoding.key;
  for (const EncodedColumn& column : encoding.columns) {
    if (FindCompared(view, column.name) != nullptr) both.columns.push_back(column);
  }
  for (const ViewedColumn& column : view.columns) {
    if (column.ignored || FindColumn(encoding, column.name) != nullptr) continue;
    both.columns.push_back({column.name, column.real});
  }
  return both;
}

// ---- differences ----

Differences::Differences(const std::vector<const Encoding*>& encodings) {
  const Encoding& first = *encodings.front();
  for (const Encoding* one : encodings) {
    key_ = key_ || !SameKey(*one, first);
    for (const EncodedColumn& column : one->columns) {
      const bool differs = std::any_of(encodings.begin(), encodings.end(), [&](const Encoding* e) {
        return !SameColumn(*e, *one, column.name);
      });
      if (differs) columns_.push_back(column.name);
    }
    for (const Encoding* other : encodings) order_ = order_ || !SameOrder(*one, *other);
  }
}

bool Differences::SameIn(const Encoding& a, const Encoding& b) const {
  if (key_ && !SameKey(a, b)) return false;
  if (order_ && !SameOrder(a, b)) return false;
  return std::all_of(columns_.begin(), columns_.end(),
                     [&](const std::string& name) { return SameColumn(a, b, name); });
}

}  // namespace dcp::collector
