#include "tests/checker/model/shrink.h"

#include <utility>

namespace dcp::checker::test {
namespace {

void Erase(auto& items, size_t i) { items.erase(items.begin() + static_cast<std::ptrdiff_t>(i)); }

// Tries every item of `stream` (the first one opens it and stays).
bool DropItems(const std::function<bool()>& fails, Stream& stream) {
  bool dropped = false;
  for (size_t i = stream.size(); i-- > 1;) {
    Stream before = stream;
    Erase(stream, i);
    if (fails()) {
      dropped = true;
    } else {
      stream = std::move(before);
    }
  }
  return dropped;
}

bool DropEntries(const std::function<bool()>& fails, Stream& stream) {
  bool dropped = false;
  for (StreamItem& item : stream) {
    auto* txn = std::get_if<PlainTxn>(&item);
    for (size_t i = txn == nullptr ? 0 : txn->entries.size(); i-- > 0;) {
      const PlainTxn before = *txn;
      Erase(txn->entries, i);
      if (fails()) {
        dropped = true;
      } else {
        *txn = before;
      }
    }
  }
  return dropped;
}

}  // namespace

void Shrink(const Fails& fails, Stream* source, Stream* target) {
  const auto still = [&] { return fails(*source, *target); };
  for (bool again = true; again;) {
    again = DropItems(still, *source);
    again |= DropItems(still, *target);
    again |= DropEntries(still, *source);
    again |= DropEntries(still, *target);
  }
}

}  // namespace dcp::checker::test
