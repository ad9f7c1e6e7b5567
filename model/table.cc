#include "model/table.h"

#include <utility>

namespace dcp::model {

const Table* TableRegistry::Intern(Table table) {
  MutexLock lock(mu_);
  for (const Table& known : tables_) {
    if (known.name == table.name && known.keyless == table.keyless &&
        known.columns == table.columns) {
      return &known;
    }
  }
  tables_.push_back(std::move(table));
  return &tables_.back();
}

}  // namespace dcp::model
