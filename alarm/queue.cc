#include "alarm/queue.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace dcp::alarm {
namespace {

size_t BytesOf(const std::optional<model::ChangeEvidence>& change) {
  return change ? change->txn.size() + change->file.size() + change->content.size() : 0;
}

size_t BytesOf(const std::optional<model::PresentRow>& row) {
  return row ? row->content.size() : 0;
}

size_t BytesOf(const model::RowDiff& diff) {
  return sizeof(diff) + diff.key_text.size() + diff.detail.size() + BytesOf(diff.source) +
         BytesOf(diff.target) + BytesOf(diff.source_present) + BytesOf(diff.target_present);
}

size_t BytesOf(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof(std::string) + text.size();
  return bytes;
}

size_t BytesOf(const model::Outcome& outcome) {
  size_t bytes = sizeof(Item);
  if (const auto* verdict = std::get_if<model::Verdict>(&outcome)) {
    bytes += verdict->unverified_detail.size();
    for (const model::RowDiff& diff : verdict->diffs) bytes += BytesOf(diff);
  } else if (const auto* resolved = std::get_if<model::Resolved>(&outcome)) {
    bytes += BytesOf(resolved->resolves) + BytesOf(resolved->keys);
  }
  return bytes;
}

bool IsSame(const Item& item) { return item.types.Contains(model::AlarmType::kSame); }

// Null when the outcome is no verdict.
const model::OutcomeHead* VerdictHead(const Item& item) {
  const auto* verdict = std::get_if<model::Verdict>(&item.outcome);
  return verdict == nullptr ? nullptr : &verdict->head;
}

}  // namespace

Item::Item(const model::Outcome& o) : outcome(o), types(TypesOf(o)), bytes(BytesOf(o)) {}

SinkQueue::Dropped SinkQueue::Put(std::shared_ptr<Item> item) {
  bytes_ += item->bytes;
  items_.push_back(std::move(item));
  Dropped dropped;
  while (bytes_ > max_bytes_) {
    const size_t index = LeastWorthy();
    if (index == kNone) break;
    ++(IsSame(*items_[index]) ? dropped.same : dropped.others);
    bytes_ -= items_[index]->bytes;
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  return dropped;
}

void SinkQueue::Pop() {
  bytes_ -= items_.front()->bytes;
  items_.pop_front();
  lent_ = false;
}

bool SinkQueue::IsSuperseded(size_t index) const {
  const model::OutcomeHead& head = *VerdictHead(*items_[index]);
  for (size_t i = index + 1; i < items_.size(); ++i) {
    const model::OutcomeHead* later = VerdictHead(*items_[i]);
    if (later != nullptr && later->check == head.check && later->target == head.target) return true;
  }
  return false;
}

size_t SinkQueue::LeastWorthy() const {
  const size_t first = lent_ ? 1 : 0;
  if (first >= items_.size()) return kNone;
  size_t oldest_same = kNone;
  for (size_t i = first; i < items_.size(); ++i) {
    if (!IsSame(*items_[i])) continue;
    if (IsSuperseded(i)) return i;
    if (oldest_same == kNone) oldest_same = i;
  }
  // A single item that is larger than the queue stays: an alarm is told even if it
  // does not fit.
  if (oldest_same != kNone && items_.size() > first + 1) return oldest_same;
  return items_.size() > first + 1 ? first : kNone;
}

}  // namespace dcp::alarm
