#include "verifier/unique_order.h"

#include <map>
#include <queue>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace dcp::verifier {
namespace {

class Orderer {
 public:
  explicit Orderer(const std::vector<UniqueChange>& changes)
      : changes_(changes), waits_for_(changes.size()), followers_(changes.size()) {}

  UniqueOrder Order() {
    Link();
    UniqueOrder order;
    std::queue<size_t> ready;
    for (size_t i = 0; i < changes_.size(); ++i) {
      if (waits_for_[i] == 0) ready.push(i);
    }
    std::vector<bool> done(changes_.size());
    for (; !ready.empty(); ready.pop()) {
      const size_t at = ready.front();
      order.first.push_back(at);
      done[at] = true;
      for (const size_t next : followers_[at]) {
        if (--waits_for_[next] == 0) ready.push(next);
      }
    }
    order.circles = Circles(done);
    return order;
  }

 private:
  void Link() {
    absl::flat_hash_map<std::string, size_t> holders;
    for (size_t i = 0; i < changes_.size(); ++i) {
      for (const std::string& value : changes_[i].left) holders[value] = i;
    }
    for (size_t i = 0; i < changes_.size(); ++i) {
      for (const std::string& value : changes_[i].taken) {
        const auto holder = holders.find(value);
        if (holder == holders.end() || holder->second == i) continue;
        followers_[holder->second].push_back(i);
        ++waits_for_[i];
      }
    }
  }

  // What is left, apart from each other as far as it is.
  std::vector<std::vector<size_t>> Circles(const std::vector<bool>& done) const {
    std::vector<size_t> group(changes_.size());
    for (size_t i = 0; i < group.size(); ++i) group[i] = i;
    const auto find = [&](size_t i) {
      while (group[i] != i) i = group[i] = group[group[i]];
      return i;
    };
    for (size_t i = 0; i < changes_.size(); ++i) {
      for (const size_t next : followers_[i]) {
        if (!done[i] && !done[next]) group[find(next)] = find(i);
      }
    }
    std::map<size_t, std::vector<size_t>> members;
    for (size_t i = 0; i < changes_.size(); ++i) {
      if (!done[i]) members[find(i)].push_back(i);
    }
    std::vector<std::vector<size_t>> circles;
    for (auto& [first, rows] : members) circles.push_back(std::move(rows));
    return circles;
  }

  const std::vector<UniqueChange>& changes_;
  std::vector<size_t> waits_for_;               // how many are to go first
  std::vector<std::vector<size_t>> followers_;  // who waits for it
};

}  // namespace

UniqueOrder OrderUpdates(const std::vector<UniqueChange>& changes) {
  return Orderer(changes).Order();
}

std::vector<std::vector<std::string>> UniqueIndexes(const mysql::Rows& rows) {
  std::map<std::string, std::vector<std::string>> columns;
  std::set<std::string> left_out;
  for (const mysql::Row& row : rows) {
    if (row.size() < 5 || row[1] != "0") continue;
    const std::string name = row[2].value_or("");
    if (!row[4].has_value()) left_out.insert(name);
    columns[name].push_back(row[4].value_or(""));
  }
  std::vector<std::vector<std::string>> indexes;
  for (auto& [name, names] : columns) {
    if (!left_out.contains(name)) indexes.push_back(std::move(names));
  }
  return indexes;
}

}  // namespace dcp::verifier
