// TableView: what one tag's stream tells of a table's columns, as far as other tags
// must know it; Encoding: which columns a tag's rows are made of, by name.
//
// Names of columns are compared as servers do, whatever their letters' case. Plain values
// and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "collector/mysql/tag_options.h"
#include "mysql/table_schema.h"

namespace dcp::collector {

// FLOAT and DOUBLE are the types that have two canonical forms.
enum class Real : uint8_t { kNo, kFloat, kDouble };

struct ViewedColumn {
  std::string name;
  Real real = Real::kNo;
  bool ignored = false;  // by `ignore_columns`; it may be in the key all the same

  friend bool operator==(const ViewedColumn&, const ViewedColumn&) = default;
};

struct TableView {
  std::string physical;  // "db.table" on its server
  std::vector<ViewedColumn> columns;
  std::vector<std::string> key;  // empty: it has none, or (key_known) it is not known
  bool names_known = true;
  bool key_known = true;

  friend bool operator==(const TableView&, const TableView&) = default;
};

TableView ViewOf(const mysql::TableSchema& schema, const TablePattern& pattern);

// nullptr: there is none (without `ignored`: or it is ignored)
const ViewedColumn* FindCompared(const TableView& view, absl::string_view name);
const ViewedColumn* FindAny(const TableView& view, absl::string_view name);

struct EncodedColumn {
  std::string name;
  Real real = Real::kNo;  // kFloat: a DOUBLE is rounded

  friend bool operator==(const EncodedColumn&, const EncodedColumn&) = default;
};

struct Encoding {
  std::vector<EncodedColumn> columns;  // in canonical order
  std::vector<EncodedColumn> key;      // in key order; empty: the table has none
  // Without names columns are known by their number only.
  bool names_known = true;

  friend bool operator==(const Encoding&, const Encoding&) = default;
};

const EncodedColumn* FindColumn(const Encoding& encoding, absl::string_view name);

// The table by its own columns and key.
Encoding OwnEncoding(const TableView& view);

// Why rows of `view` cannot be encoded so; empty: they can. `strict`: columns that it
// lacks are no reason.
std::string WhyNot(const TableView& view, const Encoding& encoding, bool strict);

// With `strict_columns`: the columns of `encoding` that `view` has, and behind them those
// that only `view` has.
Encoding WithOwnColumns(const TableView& view, const Encoding& encoding);

// What tells some encodings apart: columns that not all have or that differ in their form,
// the order of columns, the key.
class Differences {
 public:
  explicit Differences(const std::vector<const Encoding*>& encodings);

  bool empty() const { return columns_.empty() && !order_ && !key_; }
  // True if the two agree in all of it; in the order as far as both have the columns.
  bool SameIn(const Encoding& a, const Encoding& b) const;

 private:
  std::vector<std::string> columns_;
  bool order_ = false;
  bool key_ = false;
};

}  // namespace dcp::collector
