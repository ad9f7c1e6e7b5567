#include "verifier/foreign_keys.h"

#include <algorithm>

namespace dcp::verifier {
namespace {

bool Acts(const std::string& rule) { return rule != "RESTRICT" && rule != "NO ACTION"; }

// Depth first: a table behind all that it refers to.
class Sorter {
 public:
  Sorter(const std::vector<TableName>& tables, const std::vector<ForeignKey>& keys)
      : tables_(tables), keys_(keys), seen_(tables.size()) {}

  std::vector<size_t> Sort() {
    for (size_t i = 0; i < tables_.size(); ++i) Visit(i);
    return std::move(order_);
  }

 private:
  void Visit(size_t table) {
    if (seen_[table]) return;
    seen_[table] = true;
    for (const ForeignKey& key : keys_) {
      if (key.child != tables_[table]) continue;
      const auto parent = std::find(tables_.begin(), tables_.end(), key.parent);
      if (parent != tables_.end()) Visit(static_cast<size_t>(parent - tables_.begin()));
    }
    order_.push_back(table);
  }

  const std::vector<TableName>& tables_;
  const std::vector<ForeignKey>& keys_;
  std::vector<bool> seen_;
  std::vector<size_t> order_;
};

}  // namespace

std::vector<ForeignKey> ToForeignKeys(const mysql::Rows& rows) {
  std::vector<ForeignKey> keys;
  std::string last;
  for (const mysql::Row& row : rows) {
    if (row.size() != 10) continue;
    const auto text = [&](size_t i) { return row[i].value_or(""); };
    std::string name = text(2) + '\0' + text(3) + '\0' + text(0) + '\0' + text(1);
    if (name != last || keys.empty()) {
      keys.push_back(
          {{text(2), text(3)}, {text(5), text(6)}, {}, {}, Acts(text(8)), Acts(text(9))});
    }
    keys.back().child_columns.push_back(text(4));
    keys.back().parent_columns.push_back(text(7));
    last = std::move(name);
  }
  return keys;
}

std::vector<size_t> ParentsFirst(const std::vector<TableName>& tables,
                                 const std::vector<ForeignKey>& keys) {
  return Sorter(tables, keys).Sort();
}

}  // namespace dcp::verifier
