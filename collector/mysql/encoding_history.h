// EncodingHistory: how the source of a logical table encodes its rows, and from which
// place of its stream; and which of it fits the rows at a place of a target's stream.
//
// Places are barrier offsets: a row stands behind the last barrier before it. Where the
// encoding changes, the places of so many barriers before and behind are its window: there a
// row of the target may be of before or of behind the change, whatever its own place.
//
// Thread-compatible. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "collector/mysql/table_view.h"

namespace dcp::collector {

class EncodingHistory {
 public:
  // What is known of a target's table.
  struct Follower {
    const TableView* now = nullptr;
    const TableView* before = nullptr;  // it was so before; null: as long as it is known
    uint64_t since = 0;                 // the place from which it is `now`
    uint64_t place = 0;                 // of its rows
  };
  struct Choice {
    const Encoding* encoding = nullptr;  // valid until the next Add(); null: not clear
    // The newest one, and not in its window.
    bool settled = false;
  };

  // `window`: barriers that a row may overtake or be overtaken by, and one more.
  explicit EncodingHistory(size_t window) : window_(window) {}

  bool empty() const { return versions_.empty(); }
  const Encoding& newest() const { return versions_.back().encoding; }
  // Where the window of the newest one begins.
  uint64_t newest_window() const { return versions_.back().window; }

  // Rows behind the barrier `from` are encoded so; `window_from` is where the change's
  // window begins. `by_ddl`: a statement made the change, which stands in the stream and will
  // come to the targets with it.
  void Add(Encoding encoding, uint64_t window_from, bool by_ddl);
  // The source has shown a barrier.
  void Barrier(uint64_t offset);
  // The source's offsets went back: what was before means nothing any more.
  void Restart();

  // REQUIRES: not empty
  Choice Choose(const Follower& follower) const;

 private:
  struct Version {
    Encoding encoding;
    uint64_t window = 0;           // from here on rows of targets may be so
    std::optional<uint64_t> sure;  // from here on they are; not reached yet: none
    bool by_ddl = false;
    size_t barriers = 0;  // shown since
  };

  const Encoding* ChooseInWindow(const Follower& follower, size_t first, size_t last) const;

  const size_t window_;
  std::deque<Version> versions_;
};

}  // namespace dcp::collector
