#include "collector/mysql/tag_batch.h"

#include <iterator>
#include <utility>

namespace dcp::collector {
namespace {

using model::Change;
using model::Mark;
using model::Slice;

size_t Memory(size_t changes, size_t marks, size_t bytes) {
  return changes * sizeof(Change) + marks * sizeof(Mark) + bytes;
}

// `slice` moved from an arena where the content began at `from` to where it begins at `to`.
void Rebase(Slice* slice, size_t from, size_t to) {
  if (slice->size > 0) slice->offset = static_cast<uint32_t>(slice->offset - from + to);
}

void Rebase(Change* change, size_t from, size_t to) {
  Rebase(&change->key_text, from, to);
  Rebase(&change->content, from, to);
}

void Rebase(Mark* mark, size_t from, size_t to) {
  mark->at = static_cast<uint32_t>(mark->at - from + to);
}

}  // namespace

size_t GroupContent::memory() const { return Memory(changes.size(), marks.size(), bytes.size()); }

TagBatch::TagBatch() : batch_(std::make_shared<model::ChangeBatch>()) {}

Slice TagBatch::SliceFrom(size_t offset) const {
  return {static_cast<uint32_t>(offset), static_cast<uint32_t>(bytes().size() - offset)};
}

void TagBatch::AddMark(Mark mark) {
  mark.at = static_cast<uint32_t>(batch_->changes.size());
  batch_->marks.push_back(std::move(mark));
}

void TagBatch::AddUnverified(absl::string_view table, absl::string_view reason,
                             absl::string_view detail) {
  for (size_t i = batch_->marks.size(); i-- > base_.marks;) {
    const Mark& mark = batch_->marks[i];
    if (mark.kind == Mark::Kind::kUnverified && mark.table == table && mark.reason == reason) {
      return;
    }
  }
  Mark mark;
  mark.kind = Mark::Kind::kUnverified;
  mark.table = std::string(table);
  mark.reason = std::string(reason);
  mark.detail = std::string(detail);
  AddMark(std::move(mark));
}

size_t TagBatch::group_memory() const {
  const Place place = here();
  return Memory(place.changes, place.marks, place.bytes);
}

void TagBatch::SetBarrierPlace(const model::Place& place) {
  for (size_t i = base_.marks; i < batch_->marks.size(); ++i) {
    Mark& mark = batch_->marks[i];
    if (mark.kind == Mark::Kind::kBarrier) mark.place = place;
  }
}

std::optional<uint64_t> TagBatch::group_barrier() const {
  for (size_t i = batch_->marks.size(); i-- > base_.marks;) {
    if (batch_->marks[i].kind == Mark::Kind::kBarrier) return batch_->marks[i].barrier_offset;
  }
  return std::nullopt;
}

TagBatch::Place TagBatch::here() const {
  return {batch_->changes.size() - base_.changes, batch_->marks.size() - base_.marks,
          batch_->bytes.size() - base_.bytes};
}

void TagBatch::TruncateTo(const Place& place) {
  batch_->changes.resize(base_.changes + place.changes);
  batch_->marks.resize(base_.marks + place.marks);
  batch_->bytes.resize(base_.bytes + place.bytes);
}

GroupContent TagBatch::Cut() {
  GroupContent content;
  const auto changes = batch_->changes.begin() + static_cast<ptrdiff_t>(base_.changes);
  const auto marks = batch_->marks.begin() + static_cast<ptrdiff_t>(base_.marks);
  content.changes.assign(changes, batch_->changes.end());
  content.marks.assign(std::make_move_iterator(marks),
                       std::make_move_iterator(batch_->marks.end()));
  content.bytes = batch_->bytes.substr(base_.bytes);
  for (Change& change : content.changes) Rebase(&change, base_.bytes, 0);
  for (Mark& mark : content.marks) Rebase(&mark, base_.changes, 0);
  TruncateTo({});
  return content;
}

void TagBatch::Paste(const GroupContent& content) {
  const size_t bytes = batch_->bytes.size();
  const size_t changes = batch_->changes.size();
  batch_->bytes.append(content.bytes);
  for (Change change : content.changes) {
    Rebase(&change, 0, bytes);
    batch_->changes.push_back(change);
  }
  for (Mark mark : content.marks) {
    Rebase(&mark, 0, changes);
    batch_->marks.push_back(std::move(mark));
  }
}

void TagBatch::EndGroup(model::Txn txn, const std::string& file) {
  if (batch_->files.empty() || batch_->files.back() != file) batch_->files.push_back(file);
  txn.file = static_cast<uint32_t>(batch_->files.size() - 1);
  txn.changes_begin = static_cast<uint32_t>(base_.changes);
  txn.changes_end = static_cast<uint32_t>(batch_->changes.size());
  txn.marks_begin = static_cast<uint32_t>(base_.marks);
  txn.marks_end = static_cast<uint32_t>(batch_->marks.size());
  batch_->txns.push_back(std::move(txn));
  base_ = {batch_->changes.size(), batch_->marks.size(), batch_->bytes.size()};
}

size_t TagBatch::memory() const {
  return Memory(batch_->changes.size(), batch_->marks.size(), batch_->bytes.size()) +
         batch_->txns.size() * sizeof(model::Txn);
}

model::ChangeBatchPtr TagBatch::Take() {
  if (empty()) return nullptr;
  const GroupContent open = Cut();
  model::ChangeBatchPtr taken = std::exchange(batch_, std::make_shared<model::ChangeBatch>());
  base_ = {};
  Paste(open);
  return taken;
}

}  // namespace dcp::collector
