// IntakeLog: the messages pushed to one durable tag, on disk, in the order in which they
// are acknowledged and read. A directory of files NNNNNN.log (intake_block.h says what is
// in them), appended to, never changed, deleted from the oldest on.
//
// What Append() has returned OK for survives a crash of the process or the machine. What it
// has not may be there afterwards or not, but always whole and in order. A tail that was
// torn is cut off at Open(), and said to the log.
//
// Thread-safe. One process at a time has the directory (its caller sees to that).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "collector/grpc/intake_block.h"
#include "collector/grpc/intake_file.h"
#include "collector/grpc/intake_place.h"
#include "collector/grpc/session_table.h"

namespace dcp::collector {

struct IntakeLogOptions {
  std::string directory;                        // made where it is not there
  uint64_t segment_bytes = uint64_t{64} << 20;  // of a file, about
  // Of all files: over it Append() refuses until ForgetBefore() has made room.
  uint64_t max_bytes = uint64_t{4} << 30;
  std::function<void(absl::string_view)> log = [](absl::string_view) {};
  // Called before files are deleted: what tells that nobody needs them must outlive a power
  // loss first. Not OK: they stay until ForgetBefore() is called again.
  std::function<absl::Status()> before_deleting = [] { return absl::OkStatus(); };
  FileIo* io = nullptr;  // null: the real one
  // Makes the id of a new log; null: by chance.
  std::function<uint64_t()> random = nullptr;
};

class IntakeLog {
 public:
  // A file, and what of it may be read.
  struct Segment {
    uint64_t number = 0;
    uint64_t first = 0;  // sequence of its first entry
    uint64_t bytes = 0;
  };

  //   kFailedPrecondition  written by a newer dcp
  //   kUnavailable, kResourceExhausted  the files cannot be read or written; says which and why
  static absl::StatusOr<std::unique_ptr<IntakeLog>> Open(IntakeLogOptions options);

  // Stores the batch behind everything stored before; returns when it is on disk.
  //   kResourceExhausted  no room on disk, or over max_bytes; nothing was stored: try again
  //   kUnavailable        another fault of the disk; the same
  absl::Status Append(const IntakeBatch& batch) ABSL_LOCKS_EXCLUDED(append_mu_, mu_);

  // Deletes the files in which every entry stands before `sequence`.
  void ForgetBefore(uint64_t sequence) ABSL_LOCKS_EXCLUDED(append_mu_, mu_);

  // Sequence of the oldest entry that is kept, and that of the next one to come: from 1.
  uint64_t first() const ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t next() const ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t bytes() const ABSL_LOCKS_EXCLUDED(mu_);
  SessionState session(absl::string_view id) const ABSL_LOCKS_EXCLUDED(mu_);

  IntakePlace PlaceOf(uint64_t sequence) const { return {id_high_, id_low_, sequence}; }

  // Waits until next() > `sequence`, true, or Interrupt() was called, false.
  bool WaitFor(uint64_t sequence) ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until ForgetBefore() has deleted something, or for `limit`; false when
  // Interrupt() was called.
  bool WaitForRoom(absl::Duration limit) ABSL_LOCKS_EXCLUDED(mu_);
  // Nobody waits any more.
  void Interrupt() ABSL_LOCKS_EXCLUDED(mu_);

  // For readers: the oldest first, never empty.
  std::vector<Segment> segments() const ABSL_LOCKS_EXCLUDED(mu_);
  std::string PathOf(uint64_t number) const;
  FileIo& io() const { return io_; }

 private:
  explicit IntakeLog(IntakeLogOptions options)
      : options_(std::move(options)), io_(options_.io == nullptr ? FileIo::Real() : *options_.io) {}

  // So many of the first files hold nothing at or behind `sequence`.
  size_t FilesBefore(uint64_t sequence) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Recover() ABSL_LOCKS_EXCLUDED(append_mu_, mu_);
  std::string Snapshot() const ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status NewSegment() ABSL_EXCLUSIVE_LOCKS_REQUIRED(append_mu_) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status WriteNew(const OpenFile& file, const std::string& path, absl::string_view bytes);
  absl::Status Store(const Segment& last, absl::string_view bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(append_mu_);
  void CutBack(uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(append_mu_);
  Segment Last() const ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after Open().
  const IntakeLogOptions options_;
  FileIo& io_;
  uint64_t id_high_ = 0, id_low_ = 0;

  Mutex append_mu_;                            // before mu_; held over writes
  OpenFile file_ ABSL_GUARDED_BY(append_mu_);  // of the last segment
  // Nothing more goes into it: a write to it failed and could not be undone, or another file
  // may follow it.
  bool spoilt_ ABSL_GUARDED_BY(append_mu_) = false;
  uint64_t next_number_ ABSL_GUARDED_BY(append_mu_) = 1;  // of a file; never used twice
  std::string buffer_ ABSL_GUARDED_BY(append_mu_);

  mutable Mutex mu_;
  CondVar grown_, shrunk_;
  std::vector<Segment> segments_ ABSL_GUARDED_BY(mu_);  // numbers and sequences grow
  uint64_t next_ ABSL_GUARDED_BY(mu_) = 1;
  SessionTable sessions_ ABSL_GUARDED_BY(mu_);
  bool interrupted_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace dcp::collector
