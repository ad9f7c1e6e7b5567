#include "collector/mysql/tag_batch.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dcp::collector {
namespace {

using model::Change;
using model::Mark;
using model::Slice;
using model::Statement;

size_t Memory(size_t changes, size_t marks, size_t bytes, size_t statements) {
  return changes * sizeof(Change) + marks * sizeof(Mark) + bytes + statements * sizeof(Statement);
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

void Rebase(Statement* statement, size_t changes_from, size_t changes_to, size_t bytes_from,
            size_t bytes_to) {
  statement->begin = static_cast<uint32_t>(statement->begin - changes_from + changes_to);
  statement->end = static_cast<uint32_t>(statement->end - changes_from + changes_to);
  Rebase(&statement->text, bytes_from, bytes_to);
}

}  // namespace

TagBatch::TagBatch() : batch_(std::make_shared<model::ChangeBatch>()) {}

Slice TagBatch::SliceFrom(size_t offset) const {
  return {static_cast<uint32_t>(offset), static_cast<uint32_t>(bytes().size() - offset)};
}

size_t GroupContent::memory() const {
  return Memory(changes.size(), marks.size(), bytes.size(), statements.size());
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

void TagBatch::NoteStatement(size_t from, uint64_t number, absl::string_view text, uint64_t size) {
  const auto begin = static_cast<uint32_t>(base_.changes + from);
  const auto end = static_cast<uint32_t>(batch_->changes.size());
  if (begin >= end) return;
  const bool goes_on = batch_->statements.size() > base_.statements && statement_ == number;
  if (goes_on) {
    batch_->statements.back().end = end;
    return;
  }
  if (bytes().size() + text.size() > kMaxBytes) return;
  statement_ = number;
  const size_t offset = bytes().size();
  bytes().append(text.data(), text.size());
  batch_->statements.push_back({begin, end, SliceFrom(offset), size});
}

size_t TagBatch::group_memory() const {
  const Place place = here();
  return Memory(place.changes, place.marks, place.bytes, place.statements);
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
          batch_->bytes.size() - base_.bytes, batch_->statements.size() - base_.statements};
}

void TagBatch::TruncateTo(const Place& place) {
  batch_->changes.resize(base_.changes + place.changes);
  batch_->marks.resize(base_.marks + place.marks);
  batch_->bytes.resize(base_.bytes + place.bytes);
  batch_->statements.resize(base_.statements + place.statements);
  if (place.statements == 0) return;
  // The last one may have gone on behind the place.
  uint32_t& end = batch_->statements.back().end;
  end = std::min(end, static_cast<uint32_t>(batch_->changes.size()));
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
  const auto statements = batch_->statements.begin() + static_cast<ptrdiff_t>(base_.statements);
  content.statements.assign(statements, batch_->statements.end());
  for (Statement& one : content.statements) Rebase(&one, base_.changes, 0, base_.bytes, 0);
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
  for (Statement statement : content.statements) {
    Rebase(&statement, 0, changes, 0, bytes);
    batch_->statements.push_back(statement);
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
  base_ = {batch_->changes.size(), batch_->marks.size(), batch_->bytes.size(),
           batch_->statements.size()};
}

size_t TagBatch::memory() const {
  return Memory(batch_->changes.size(), batch_->marks.size(), batch_->bytes.size(),
                batch_->statements.size()) +
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
