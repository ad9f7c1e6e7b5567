#include "tests/simulation/fake_disk.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "model/digest.h"

namespace dcp::simulation {
namespace {

constexpr uint64_t kSector = 512;

struct FileChange {
  bool is_size = false;
  uint64_t offset = 0;  // or the size
  std::string bytes;
};

void Apply(const FileChange& change, std::string& data) {
  if (change.is_size) {
    data.resize(change.offset, '\0');
    return;
  }
  const uint64_t end = change.offset + change.bytes.size();
  if (data.size() < end) data.resize(end, '\0');
  data.replace(change.offset, change.bytes.size(), change.bytes);
}

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

// How much of what was not synced survives.
enum class Survival : uint8_t { kNone, kAll, kBeginning, kAny };

Survival DrawSurvival(Random& random) { return static_cast<Survival>(random.Below(4)); }

// Of `count` things in order.
std::vector<bool> DrawKept(size_t count, Random& random) {
  const Survival survival = DrawSurvival(random);
  const size_t beginning = random.Below(count + 1);
  std::vector<bool> kept(count);
  for (size_t i = 0; i < count; ++i) {
    kept[i] = survival == Survival::kAll || (survival == Survival::kBeginning && i < beginning) ||
              (survival == Survival::kAny && random.Percent(50));
  }
  return kept;
}

// The sectors of a write that survive it.
void ApplySectors(const FileChange& change, Random& random, std::string& data) {
  uint64_t at = 0;
  while (at < change.bytes.size()) {
    const uint64_t end =
        std::min<uint64_t>(change.bytes.size(), at + kSector - (change.offset + at) % kSector);
    if (random.Percent(50)) {
      Apply({false, change.offset + at, change.bytes.substr(at, end - at)}, data);
    }
    at = end;
  }
}

}  // namespace

struct FakeDisk::Inode {
  std::string data;     // as processes see it
  std::string durable;  // as it is on disk
  std::vector<FileChange> unsynced;
  bool keeps_on_failed_sync = false;
  bool locked = false;
  std::vector<std::unique_ptr<char[]>> shared;
};

struct FakeDisk::NameChange {
  std::string removed, added;  // empty: none
  InodePtr inode;              // of `added`
};

FakeDisk::FakeDisk(uint64_t seed, const Clock& clock, Trace& trace)
    : random_(seed), clock_(clock), trace_(trace) {}

FakeDisk::~FakeDisk() = default;

void FakeDisk::FailUntil(absl::Duration monotonic, uint64_t percent) {
  failing_until_ = monotonic;
  failing_percent_ = percent;
}

void FakeDisk::Begin() {
  open_.clear();
  for (auto& [path, inode] : names_) {
    inode->shared.clear();
    inode->locked = false;
  }
  dead_ = dying_ = false;
  operations_left_ = ~uint64_t{0};
}

bool FakeDisk::May(absl::string_view what, const std::string& path) {
  if (!dead_ && operations_left_-- == 0) dead_ = dying_ = true;
  const bool fails =
      dead_ || (clock_.Monotonic() < failing_until_ && random_.Percent(failing_percent_));
  trace_.Add(dying_ ? "  disk dies at " : fails ? "  disk fails " : "  disk ", what, " ", path);
  if (fails) errno = EIO;
  return !fails;
}

int FakeDisk::Open(const std::string& path, int flags, mode_t) {
  const bool creates = (flags & O_CREAT) != 0;
  if (!May(creates ? "create" : "open", path)) return -1;
  Descriptor opened{nullptr, path, (flags & O_APPEND) != 0, 0};
  if ((flags & O_DIRECTORY) == 0) {
    const auto found = names_.find(path);
    if (found == names_.end() && (!creates || Full())) {
      errno = creates ? ENOSPC : ENOENT;
      return -1;
    }
    if (found != names_.end() && (flags & O_EXCL) != 0) {
      errno = EEXIST;
      return -1;
    }
    opened.inode = found != names_.end() ? found->second : std::make_shared<Inode>();
    if (found == names_.end()) Change({"", path, opened.inode});
  }
  open_.emplace(++next_fd_, std::move(opened));
  return next_fd_;
}

void FakeDisk::Close(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end()) return;
  open_.erase(found);
}

void FakeDisk::Change(NameChange change) {
  if (!change.removed.empty()) names_.erase(change.removed);
  if (!change.added.empty()) names_[change.added] = change.inode;
  name_changes_.push_back(std::move(change));
}

size_t FakeDisk::Granted(const Inode& inode, uint64_t offset, size_t size) {
  const bool grows = offset + size > inode.data.size();
  if (dead_) return std::exchange(dying_, false) ? random_.Below(size + 1) : 0;
  if (!grows || !Full()) return size;
  errno = ENOSPC;
  return random_.Percent(50) ? 0 : random_.Below(size);
}

void FakeDisk::Put(Inode& inode, uint64_t offset, absl::string_view bytes) {
  if (bytes.empty()) return;
  trace_.Add("    ", bytes.size(), " bytes at ", offset, " ", model::Xxh3(bytes).low);
  FileChange change{false, offset, std::string(bytes)};
  Apply(change, inode.data);
  inode.unsynced.push_back(std::move(change));
}

ssize_t FakeDisk::Write(int fd, const char* bytes, size_t size) {
  Descriptor& file = open_.at(fd);
  const uint64_t offset = file.append ? file.inode->data.size() : file.position;
  const ssize_t written = WriteAt(fd, bytes, size, offset);
  if (written > 0) file.position = offset + static_cast<uint64_t>(written);
  return written;
}

ssize_t FakeDisk::WriteAt(int fd, const char* bytes, size_t size, uint64_t offset) {
  Descriptor& file = open_.at(fd);
  const bool may = May("write", file.path);
  if (!may && !dying_) return -1;
  const size_t granted = Granted(*file.inode, offset, size);
  Put(*file.inode, offset, absl::string_view(bytes, granted));
  return !may || (granted == 0 && size > 0) ? -1 : static_cast<ssize_t>(granted);
}

ssize_t FakeDisk::ReadAt(int fd, char* bytes, size_t size, uint64_t offset) {
  const Descriptor& file = open_.at(fd);
  if (!May("read", file.path)) return -1;
  const std::string& data = file.inode->data;
  if (offset >= data.size()) return 0;
  const size_t got = std::min<size_t>(size, data.size() - offset);
  std::copy_n(data.data() + offset, got, bytes);
  return static_cast<ssize_t>(got);
}

// A sync that fails may have brought some of it to disk. The rest is given up: what processes
// see of it is not what a power loss leaves, whatever is synced later.
int FakeDisk::Sync(int fd) {
  Descriptor& file = open_.at(fd);
  const bool may = May("sync", file.path);
  if (file.inode == nullptr) {
    if (may) SyncNames(file.path);
    return may ? 0 : -1;
  }
  Inode& inode = *file.inode;
  if (!may && (dead_ || inode.keeps_on_failed_sync)) return -1;
  for (const FileChange& change : inode.unsynced) {
    if (may || random_.Percent(50)) Apply(change, inode.durable);
  }
  inode.unsynced.clear();
  return may ? 0 : -1;
}

int FakeDisk::Truncate(int fd, uint64_t size) {
  Descriptor& file = open_.at(fd);
  if (!May("truncate", file.path)) return -1;
  FileChange change{true, size, ""};
  Apply(change, file.inode->data);
  file.inode->unsynced.push_back(std::move(change));
  file.position = 0;
  return 0;
}

int64_t FakeDisk::Size(int fd) {
  const Descriptor& file = open_.at(fd);
  if (!May("size", file.path)) return -1;
  return static_cast<int64_t>(file.inode->data.size());
}

int64_t FakeDisk::SizeOf(const std::string& path) {
  if (!May("look", path)) return -1;
  const auto found = names_.find(path);
  if (found != names_.end()) return static_cast<int64_t>(found->second->data.size());
  errno = ENOENT;
  return -1;
}

int FakeDisk::Lock(int fd) {
  Inode& inode = *open_.at(fd).inode;
  if (!May("lock", open_.at(fd).path)) return -1;
  if (!std::exchange(inode.locked, true)) return 0;
  errno = EWOULDBLOCK;
  return -1;
}

int FakeDisk::Remove(const std::string& path) {
  if (!May("remove", path)) return -1;
  errno = ENOENT;
  if (!names_.contains(path)) return -1;
  Change({path, "", nullptr});
  return 0;
}

int FakeDisk::Rename(const std::string& from, const std::string& to) {
  if (!May("rename", from)) return -1;
  const auto found = names_.find(from);
  errno = ENOENT;
  if (found == names_.end()) return -1;
  Change({from, to, found->second});
  return 0;
}

int FakeDisk::List(const std::string& directory, std::vector<std::string>* names) {
  if (!May("list", directory)) return -1;
  for (const auto& [path, inode] : names_) {
    if (DirectoryOf(path) == directory) names->push_back(path.substr(directory.size() + 1));
  }
  return 0;
}

std::error_code FakeDisk::MakeDirectories(const std::string& path, bool* made) {
  *made = false;
  if (May("make directory", path)) return {};
  return {errno, std::generic_category()};
}

std::error_code FakeDisk::SetMode(const std::string& path, mode_t) {
  if (May("set mode of", path)) return {};
  return {errno, std::generic_category()};
}

void FakeDisk::KeepsOnFailedSync(int fd) { open_.at(fd).inode->keeps_on_failed_sync = true; }

char* FakeDisk::SharedMemory(int fd, size_t region, size_t size, bool make) {
  auto& shared = open_.at(fd).inode->shared;
  if (shared.size() <= region && !make) return nullptr;
  while (shared.size() <= region) shared.push_back(std::make_unique<char[]>(size));
  return shared[region].get();
}

void FakeDisk::DropSharedMemory(int fd) { open_.at(fd).inode->shared.clear(); }

void FakeDisk::SyncNames(const std::string& directory) {
  std::erase_if(name_changes_, [&](const NameChange& change) {
    const std::string& path = change.added.empty() ? change.removed : change.added;
    if (DirectoryOf(path) != directory) return false;
    if (!change.removed.empty()) durable_names_.erase(change.removed);
    if (!change.added.empty()) durable_names_[change.added] = change.inode;
    return true;
  });
}

void FakeDisk::LosePower() {
  trace_.Add("power is lost");
  dead_ = true;
  SettleNames();
  for (auto& [path, inode] : names_) Settle(*inode);
}

void FakeDisk::SettleNames() {
  const std::vector<bool> kept = DrawKept(name_changes_.size(), random_);
  for (size_t i = 0; i < name_changes_.size(); ++i) {
    const NameChange& change = name_changes_[i];
    if (!kept[i]) continue;
    if (!change.removed.empty()) durable_names_.erase(change.removed);
    if (!change.added.empty()) durable_names_[change.added] = change.inode;
  }
  name_changes_.clear();
  names_ = durable_names_;
}

void FakeDisk::Settle(Inode& inode) {
  const bool by_sector = random_.Percent(50);
  const std::vector<bool> kept = DrawKept(inode.unsynced.size(), random_);
  for (size_t i = 0; i < inode.unsynced.size(); ++i) {
    FileChange& change = inode.unsynced[i];
    const bool is_torn = kept[i] && i + 1 < kept.size() && !kept[i + 1] && !change.is_size;
    if (is_torn && !by_sector) change.bytes.resize(random_.Below(change.bytes.size() + 1));
    if (kept[i] && by_sector && !change.is_size && random_.Percent(50)) {
      ApplySectors(change, random_, inode.durable);
    } else if (kept[i]) {
      Apply(change, inode.durable);
    }
  }
  inode.unsynced.clear();
  inode.data = inode.durable;
}

}  // namespace dcp::simulation
