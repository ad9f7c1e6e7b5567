// PreparedGroups holds what XA PREPARE left undecided, by XID, until XA COMMIT or
// XA ROLLBACK, which may stand in another transaction, another file and days later.
//
// Bounded: beyond the limits the oldest are forgotten; their XA COMMIT then finds
// nothing, which the caller must say. Thread-compatible.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/mysql/tag_batch.h"
#include "model/place.h"

namespace dcp::collector {

class PreparedGroups {
 public:
  struct Limits {
    size_t groups = 10'000;
    size_t bytes = size_t{256} << 20;
  };

  explicit PreparedGroups(const Limits& limits) : limits_(limits) {}

  // `contents`: one per tag; `place` shows the group again. An XID that is held already is
  // replaced. Returns the XIDs that were forgotten for it.
  std::vector<std::string> Hold(const std::string& xid, std::vector<GroupContent> contents,
                                model::Place place);

  // Takes the group out; nullopt if it is not held.
  std::optional<std::vector<GroupContent>> Release(const std::string& xid);

  // Of the oldest group that is held; null if there is none.
  model::Place oldest_place() const;

  void Clear();
  size_t size() const { return groups_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Group {
    std::vector<GroupContent> contents;
    model::Place place;
    size_t bytes = 0;
    size_t number = 0;  // in order of arrival
  };

  bool OverLimits() const { return groups_.size() > limits_.groups || bytes_ > limits_.bytes; }

  const Limits limits_;
  std::unordered_map<std::string, Group> groups_;
  std::map<size_t, std::string> order_;  // XIDs by their groups' numbers
  size_t bytes_ = 0;
  size_t next_number_ = 0;
};

}  // namespace dcp::collector
