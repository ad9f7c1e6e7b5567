#include "verifier/row_set.h"

#include <utility>

namespace dcp::verifier {

void RowSet::Clear() {
  keys_.clear();
  ends_.clear();
  digests_.clear();
  sum_ = {};
}

void RowSet::Add(absl::string_view key, absl::string_view content) {
  keys_.append(key.data(), key.size());
  ends_.push_back(keys_.size());
  scratch_.assign(key.data(), key.size());
  scratch_.append(content.data(), content.size());
  digests_.push_back(model::Xxh3(scratch_));
  sum_ += digests_.back();
}

void RowSet::Add(const RowSet& other) {
  const size_t shift = keys_.size();
  keys_ += other.keys_;
  for (const size_t end : other.ends_) ends_.push_back(shift + end);
  digests_.insert(digests_.end(), other.digests_.begin(), other.digests_.end());
  sum_ += other.sum_;
}

absl::string_view RowSet::key(size_t i) const {
  const size_t begin = i == 0 ? 0 : ends_[i - 1];
  return absl::string_view(keys_).substr(begin, ends_[i] - begin);
}

void SuspectPool::Add(const RowSet& rows) {
  for (size_t i = 0; i < rows.size(); ++i) Count(rows.key(i), rows.digest(i), 1);
}

void SuspectPool::Subtract(const RowSet& rows) {
  for (size_t i = 0; i < rows.size(); ++i) Count(rows.key(i), -rows.digest(i), -1);
}

void SuspectPool::Count(absl::string_view key, const model::Digest& digest, int64_t rows) {
  const auto [entry, is_new] = open_.try_emplace(key);
  Balance& balance = entry->second;
  balance.digest += digest;
  balance.rows += rows;
  if (balance.rows == 0 && balance.digest == model::Digest()) open_.erase(entry);
}

std::vector<SuspectPool::Entry> SuspectPool::entries() const {
  std::vector<Entry> entries;
  for (const auto& [key, balance] : open_) entries.push_back({key, balance.digest, balance.rows});
  return entries;
}

void SuspectPool::Restore(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) open_[entry.key] = {entry.digest, entry.rows};
}

std::vector<std::string> SuspectPool::Take() {
  std::vector<std::string> keys;
  keys.reserve(open_.size());
  for (const auto& [key, balance] : open_) keys.push_back(key);
  open_.clear();
  return keys;
}

std::vector<std::string> SuspectPool::TakeExtra() {
  std::vector<std::string> keys;
  absl::erase_if(open_, [&](const auto& entry) {
    if (entry.second.rows >= 0) return false;
    keys.push_back(entry.first);
    return true;
  });
  return keys;
}

}  // namespace dcp::verifier
