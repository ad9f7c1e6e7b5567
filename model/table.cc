#include "model/table.h"

#include <algorithm>
#include <utility>

namespace dcp::model {

const Table* TableRegistry::Intern(Table table) {
  MutexLock lock(mu_);
  for (const Table& known : tables_) {
    if (known.name == table.name && known.keyless == table.keyless &&
        known.columns == table.columns && known.key_columns == table.key_columns) {
      return &known;
    }
  }
  tables_.push_back(std::move(table));
  return &tables_.back();
}

const Table* TableRegistry::Find(absl::string_view name) const {
  MutexLock lock(mu_);
  const auto found = std::find_if(tables_.rbegin(), tables_.rend(),
                                  [name](const Table& table) { return table.name == name; });
  return found == tables_.rend() ? nullptr : &*found;
}

}  // namespace dcp::model
