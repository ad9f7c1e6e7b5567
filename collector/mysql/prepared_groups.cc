#include "collector/mysql/prepared_groups.h"

#include <utility>

namespace dcp::collector {

std::vector<std::string> PreparedGroups::Hold(const std::string& xid,
                                              std::vector<GroupContent> contents,
                                              model::Place place) {
  Release(xid);
  Group group;
  for (const GroupContent& content : contents) group.bytes += content.memory();
  group.contents = std::move(contents);
  group.place = std::move(place);
  group.number = next_number_++;
  bytes_ += group.bytes;
  order_.emplace(group.number, xid);
  groups_.emplace(xid, std::move(group));

  std::vector<std::string> forgotten;
  while (OverLimits() && !order_.empty()) {
    forgotten.push_back(order_.begin()->second);
    Release(forgotten.back());
  }
  return forgotten;
}

std::optional<std::vector<GroupContent>> PreparedGroups::Release(const std::string& xid) {
  const auto it = groups_.find(xid);
  if (it == groups_.end()) return std::nullopt;
  std::vector<GroupContent> contents = std::move(it->second.contents);
  bytes_ -= it->second.bytes;
  order_.erase(it->second.number);
  groups_.erase(it);
  return contents;
}

model::Place PreparedGroups::oldest_place() const {
  return order_.empty() ? nullptr : groups_.at(order_.begin()->second).place;
}

void PreparedGroups::Clear() {
  groups_.clear();
  order_.clear();
  bytes_ = 0;
}

}  // namespace dcp::collector
