#include "checker/segment.h"

#include <iterator>
#include <utility>

namespace dcp::checker {

namespace {

bool IsCompared(const model::Mark& mark) {
  return mark.kind == model::Mark::Kind::kUnverified || mark.kind == model::Mark::Kind::kDdl;
}

}  // namespace

bool WrittenOn(const model::Txn& txn, const model::StreamOrigin& stream) {
  const model::GtidSource& writer = txn.gtid.source;
  if (writer.mariadb()) return writer.server_id == stream.server_id;
  if (!txn.gtid.empty()) return writer.uuid == stream.server_uuid;
  return txn.server_id != 0 && txn.server_id == stream.server_id;
}

bool SameServer(const model::StreamOrigin& a, const model::StreamOrigin& b) {
  return a.server_uuid == b.server_uuid && a.server_id == b.server_id;
}

void SegmentSide::KeepAlive(const BatchHolder& batch) {
  if (batches.empty() || batches.back() != batch) batches.push_back(batch);
}

void SegmentSide::Append(SegmentSide other) {
  if (items.empty() && batches.empty()) {
    *this = std::move(other);
    return;
  }
  batches.insert(batches.end(), std::make_move_iterator(other.batches.begin()),
                 std::make_move_iterator(other.batches.end()));
  items.insert(items.end(), other.items.begin(), other.items.end());
  changes += other.changes;
  bytes += other.bytes;
}

TxnPlace BeginOf(const model::Txn& txn) { return {txn.changes_begin, txn.marks_begin}; }
TxnPlace EndOf(const model::Txn& txn) { return {txn.changes_end, txn.marks_end}; }

void AppendItems(const TxnRef& ref, TxnPlace from, TxnPlace to, SegmentSide* side) {
  uint32_t change = from.change;
  for (uint32_t i = from.mark; i < to.mark; ++i) {
    const model::Mark& mark = (*ref.batch)->marks[i];
    for (; change < mark.at; ++change) side->Add({ref.batch, ref.txn, change, false});
    if (IsCompared(mark)) side->Add({ref.batch, ref.txn, i, true});
  }
  for (; change < to.change; ++change) side->Add({ref.batch, ref.txn, change, false});
}

void AppendItems(const TxnRef& ref, SegmentSide* side) {
  AppendItems(ref, BeginOf(ref.get()), EndOf(ref.get()), side);
}

}  // namespace dcp::checker
