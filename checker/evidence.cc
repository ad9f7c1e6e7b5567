#include "checker/evidence.h"

#include "absl/strings/str_cat.h"

namespace dcp::checker {

std::optional<model::ChangeEvidence> EvidenceOf(const Item& item) {
  if (item.batch == nullptr) return std::nullopt;
  const model::Txn& txn = item.transaction();
  model::ChangeEvidence evidence;
  evidence.txn = txn.gtid.empty() ? txn.pushed_id : model::ToString(txn.gtid);
  if (txn.file < (*item.batch)->files.size()) evidence.file = (*item.batch)->files[txn.file];
  evidence.offset = txn.end_offset;
  evidence.timestamp_micros = txn.timestamp_micros;
  if (item.is_mark) return evidence;
  evidence.op = item.change().op;
  evidence.content = std::string(item.text(item.change().content));
  if (const model::Statement* statement = (*item.batch)->StatementOf(item.index)) {
    evidence.statement = std::string(item.text(statement->text));
    evidence.statement_size = statement->size;
  }
  return evidence;
}

std::string TableOf(const Item& item) {
  if (item.is_mark) return item.mark().table;
  return item.change().table != nullptr ? item.change().table->name : "";
}

std::string DdlKeyText(const std::string& table) { return absl::StrCat(table, "[ddl]"); }

}  // namespace dcp::checker
