// A small language for binlog streams: Gtid(1), Begin(), Rows("shop.orders",
// {Insert({1, "a"})}), Xid(), and what a sink got of it, as text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/change_batch.h"
#include "mysql/binlog_reader.h"

namespace dcp::collector {

// A cell: number, text, NULL, or absent from the image.
struct Cell {
  Cell(int number);        // NOLINT(google-explicit-constructor): the language
  Cell(const char* text);  // NOLINT(google-explicit-constructor): the language
  Cell(model::Value v) : value(std::move(v)) {}  // NOLINT(google-explicit-constructor)
  model::Value value;
};
Cell Absent();
Cell NullCell();

using Image = std::vector<Cell>;

struct ScriptRow {
  Image before, after;
};
ScriptRow Insert(Image after);
ScriptRow Update(Image before, Image after);
ScriptRow Delete(Image before);

// One event, with the rows it carries.
struct ScriptEvent {
  mysql::BinlogEvent event;
  std::vector<ScriptRow> rows;
  std::optional<absl::Status> rows_error;  // behind the rows
};
using Script = std::vector<ScriptEvent>;

ScriptEvent Gtid(uint64_t number);
// MariaDB's, of domain 0 and server 1; what follows is a transaction unless `standalone`.
ScriptEvent MariaDbGtid(uint64_t number, bool standalone = false);
ScriptEvent AnonymousGtid();
ScriptEvent Query(const std::string& sql, const std::string& database = "shop");
ScriptEvent Begin();
ScriptEvent Xid();
ScriptEvent XaPrepare(const std::string& xid, bool one_phase = false);
ScriptEvent Rotate(const std::string& file, uint64_t offset);
ScriptEvent Heartbeat();
ScriptEvent OfKind(mysql::BinlogEvent::Kind kind);
ScriptEvent Unreadable(const std::string& what,
                       std::shared_ptr<const mysql::TableSchema> table = nullptr);

// The rows must all be of one kind.
ScriptEvent Rows(std::shared_ptr<const mysql::TableSchema> table, std::vector<ScriptRow> rows);
ScriptEvent BrokenRows(std::shared_ptr<const mysql::TableSchema> table, std::vector<ScriptRow> rows,
                       absl::Status error);
ScriptEvent Barrier(uint64_t offset, int id = 1);

// A table of INT and VARCHAR columns; the first is the primary key unless said otherwise.
std::shared_ptr<mysql::TableSchema> Schema(const std::string& database, const std::string& name,
                                           std::vector<std::string> columns);
std::shared_ptr<const mysql::TableSchema> Orders();  // shop.orders(id, name)
std::shared_ptr<const mysql::TableSchema> Log();     // shop.log(text), without a key
std::shared_ptr<const mysql::TableSchema> BarrierTable();

// Gives each event its place: file "bin.000001", 100 bytes each from 200 on; a
// Rotate changes the file.
void SetPlaces(Script* script);

// Runs events into anything that takes BinlogEvents.
class ScriptRows final : public mysql::RowsCursor {
 public:
  void Reset(const ScriptEvent* event);
  absl::StatusOr<bool> Next(std::vector<model::Value>* before,
                            std::vector<model::Value>* after) override;

 private:
  const ScriptEvent* event_ = nullptr;
  size_t next_ = 0;
};

// One line per thing, in order:
//   txn uuid:1
//   insert shop.orders[1] -> [1,"a"]      (before -> after, `?` unknown, `-` absent;
//   barrier 7                              `+1`, `-1` for relative changes)
//   unverified shop.orders image
//   ddl shop.orders gone TRUNCATE `orders`
std::vector<std::string> Describe(const model::ChangeBatch& batch);

}  // namespace dcp::collector
