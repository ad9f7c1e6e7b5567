// What the aligners hand to the judges: the changes of both sides between two
// common barriers. Values that keep the batches they point into alive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/change_batch.h"

namespace dcp::checker {

// One change or mark of a stream, in stream order. Points into a batch that
// somebody keeps alive (SegmentSide::batches).
struct Item {
  const model::ChangeBatchPtr* batch = nullptr;
  uint32_t txn = 0;
  uint32_t index = 0;
  bool is_mark = false;

  const model::Txn& transaction() const { return (*batch)->txns[txn]; }
  const model::Change& change() const { return (*batch)->changes[index]; }
  const model::Mark& mark() const { return (*batch)->marks[index]; }
  absl::string_view text(model::Slice slice) const { return (*batch)->text(slice); }
};

// A transaction in a stream.
struct TxnRef {
  const model::ChangeBatchPtr* batch = nullptr;
  uint32_t txn = 0;

  const model::Txn& get() const { return (*batch)->txns[txn]; }
};

// A shared pointer that many Items point at; its address is stable.
using BatchHolder = std::shared_ptr<const model::ChangeBatchPtr>;

// True if the transaction was first written on the server behind `stream`: by its
// GTID's uuid or server id, else by its event's server id.
bool WrittenOn(const model::Txn& txn, const model::StreamOrigin& stream);

// MariaDB's servers have ids only.
bool SameServer(const model::StreamOrigin& a, const model::StreamOrigin& b);

struct SegmentSide {
  std::vector<BatchHolder> batches;
  std::vector<Item> items;  // what is compared: no barriers
  uint64_t changes = 0;     // items that are changes
  uint64_t bytes = 0;       // of the chunks that were appended, about

  void Append(SegmentSide other);
  void KeepAlive(const BatchHolder& batch);
  void Add(const Item& item) {
    items.push_back(item);
    if (!item.is_mark) ++changes;
  }
};

struct SegmentPair {
  uint64_t epoch = 1;
  uint64_t from = 0;
  uint64_t to = 0;
  SegmentSide source;
  SegmentSide target;
  // The target's applier replayed from before what is remembered.
  bool replayed_beyond_history = false;
  bool late = false;
};

// A place inside a transaction: behind the marks before `mark` and the changes
// before `change`.
struct TxnPlace {
  uint32_t change = 0;
  uint32_t mark = 0;
};
TxnPlace BeginOf(const model::Txn& txn);
TxnPlace EndOf(const model::Txn& txn);

// Appends what lies from `from` up to `to`, in order, and is compared.
void AppendItems(const TxnRef& ref, TxnPlace from, TxnPlace to, SegmentSide* side);

// All of a transaction's items.
void AppendItems(const TxnRef& ref, SegmentSide* side);

}  // namespace dcp::checker
