// TagBatch: the ChangeBatch of one tag while it is being built: closed
// transactions, and behind them the content of the group that is open.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/change_batch.h"

namespace dcp::collector {

// The content of a group apart from any batch: slices refer to `bytes`, Mark::at and the ranges of
// statements to `changes`.
struct GroupContent {
  std::vector<model::Change> changes;
  std::vector<model::Mark> marks;
  std::string bytes;
  std::vector<model::Statement> statements;

  size_t memory() const;
};

class TagBatch {
 public:
  // A place in the open group.
  struct Place {
    size_t changes = 0, marks = 0, bytes = 0, statements = 0;
  };

  // The bytes of a batch are addressed by 32 bits.
  static constexpr size_t kMaxBytes = size_t{3} << 30;

  TagBatch();

  // The batch's arena, to be appended to. What lies behind the last change is not
  // kept over any other call but AddChange().
  std::string& bytes() { return batch_->bytes; }
  const std::string& bytes() const { return batch_->bytes; }
  // What was appended from `offset` on. Of no use while bytes() holds more than
  // kMaxBytes: truncate then.
  model::Slice SliceFrom(size_t offset) const;

  void AddChange(const model::Change& change) { batch_->changes.push_back(change); }
  // Sets `mark.at`.
  void AddMark(model::Mark mark);
  // A kUnverified mark; one like it (table and reason) in the open group is enough.
  void AddUnverified(absl::string_view table, absl::string_view reason, absl::string_view detail);

  // The changes added since there were `from` of them in the open group were made by the statement
  // of that number and size, which begins with `text`. Calls for one statement follow each other.
  void NoteStatement(size_t from, uint64_t number, absl::string_view text, uint64_t size);

  // Memory of the open group, about.
  size_t group_memory() const;
  // Of the last barrier in the open group.
  std::optional<uint64_t> group_barrier() const;
  // Of all barriers in the open group.
  void SetBarrierPlace(const model::Place& place);
  bool group_has_marks() const { return batch_->marks.size() > base_.marks; }

  Place here() const;
  // Drops what the open group got behind `place`. REQUIRES: a place of this group.
  void TruncateTo(const Place& place);
  // Takes the whole content out of the open group.
  GroupContent Cut();
  void Paste(const GroupContent& content);

  // Closes the group: what was added since the last EndGroup() is its content.
  // `txn` tells everything but the ranges and the file.
  void EndGroup(model::Txn txn, const std::string& file);

  bool empty() const { return batch_->txns.empty(); }
  // Memory of all of it, about.
  size_t memory() const;
  // The closed transactions since the last call, null if there is none. The open
  // group stays.
  model::ChangeBatchPtr Take();

 private:
  std::shared_ptr<model::ChangeBatch> batch_;
  Place base_;              // where the open group begins
  uint64_t statement_ = 0;  // number of the last one that was noted
};

}  // namespace dcp::collector
