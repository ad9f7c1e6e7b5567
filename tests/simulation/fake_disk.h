// FakeDisk: files in memory, and everything that a disk may do to them. It knows what was
// synced; a power loss keeps that, and of the rest what chance will: all, nothing, the
// beginning of it, torn, or any sectors in any order, and of names likewise. A killed process
// loses nothing that it had written. Directories themselves are never lost.
//
// Thread-compatible. Deterministic by its seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/file_io.h"
#include "tests/checker/model/history_generator.h"
#include "tests/simulation/trace.h"

namespace dcp::simulation {

using checker::test::Random;

class FakeDisk final : public FileIo {
 public:
  struct Inode;
  using InodePtr = std::shared_ptr<Inode>;

  // `clock` and `trace` outlive it.
  FakeDisk(uint64_t seed, const Clock& clock, Trace& trace);
  ~FakeDisk() override;

  // Until then: no room to grow; or so many of a hundred operations fail.
  void FillUntil(absl::Duration monotonic) { full_until_ = monotonic; }
  void FailUntil(absl::Duration monotonic, uint64_t percent);
  // The process ends at the operation that so many precede: of a write, a part is done.
  void DieAfter(uint64_t operations) { operations_left_ = operations; }
  void Die() { dead_ = true; }
  // It has ended: nothing that it still does has any effect, and all of it fails.
  bool dead() const { return dead_; }

  void LosePower();
  // A process begins. REQUIRES: nothing of the former one is left
  void Begin();

  int Open(const std::string& path, int flags, mode_t mode) override;
  void Close(int fd) override;
  ssize_t Write(int fd, const char* bytes, size_t size) override;
  ssize_t WriteAt(int fd, const char* bytes, size_t size, uint64_t offset) override;
  ssize_t ReadAt(int fd, char* bytes, size_t size, uint64_t offset) override;
  int Sync(int fd) override;
  int Truncate(int fd, uint64_t size) override;
  int64_t Size(int fd) override;
  int Lock(int fd) override;
  int Remove(const std::string& path) override;
  int Rename(const std::string& from, const std::string& to) override;
  int List(const std::string& directory, std::vector<std::string>* names) override;
  std::error_code MakeDirectories(const std::string& path, bool* made) override;
  std::error_code SetMode(const std::string& path, mode_t mode) override;
  int64_t SizeOf(const std::string& path) override;
  pid_t ProcessId() override { return 4711; }

  // A failed sync loses nothing, so that a later one brings all to disk.
  void KeepsOnFailedSync(int fd);
  // Memory that the processes with the file have in common.
  char* SharedMemory(int fd, size_t region, size_t size, bool make);
  void DropSharedMemory(int fd);
  uint64_t Draw() { return random_.Next(); }

 private:
  struct NameChange;
  struct Descriptor {
    InodePtr inode;  // null: a directory
    std::string path;
    bool append = false;
    uint64_t position = 0;
  };

  // False, and errno: the operation fails.
  bool May(absl::string_view what, const std::string& path);
  bool Full() const { return clock_.Monotonic() < full_until_; }
  // How much of a write of `size` bytes at `offset` comes to be; less: errno.
  size_t Granted(const Inode& inode, uint64_t offset, size_t size);
  void Put(Inode& inode, uint64_t offset, absl::string_view bytes);
  void Change(NameChange change);
  void SyncNames(const std::string& directory);
  void SettleNames();
  void Settle(Inode& inode);

  Random random_;
  const Clock& clock_;
  Trace& trace_;
  absl::Duration full_until_, failing_until_;
  uint64_t failing_percent_ = 0;
  uint64_t operations_left_ = ~uint64_t{0};
  bool dead_ = false, dying_ = false;

  std::map<int, Descriptor> open_;
  int next_fd_ = 1000;
  std::map<std::string, InodePtr> names_, durable_names_;
  std::vector<NameChange> name_changes_;  // not synced
};

}  // namespace dcp::simulation
