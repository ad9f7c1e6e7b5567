#include "collector/grpc/intake_recovery.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/fault_point.h"
#include "base/status.h"
#include "collector/grpc/intake_file.h"
#include "collector/grpc/little_endian.h"
#include "collector/grpc/segment_scanner.h"

namespace dcp::collector {
namespace {

constexpr uint32_t kVersion = 1;
constexpr absl::string_view kSuffix = ".log";
using Found = SegmentScanner::Found;

absl::StatusOr<std::vector<uint64_t>> ListNumbers(FileIo& io, const std::string& directory) {
  std::vector<std::string> names;
  if (io.List(directory, &names) != 0) return IoError(errno, "list", directory);
  std::vector<uint64_t> numbers;
  for (const std::string& file : names) {
    absl::string_view name = file;
    uint64_t number = 0;
    if (!absl::ConsumeSuffix(&name, kSuffix) || !absl::SimpleAtoi(name, &number)) continue;
    if (SegmentPath(directory, number) == absl::StrCat(directory, "/", file)) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

uint64_t RandomNumber() {
  std::random_device device;
  return (uint64_t{device()} << 32) ^ device();
}

class Recovery {
 public:
  Recovery(FileIo& io, const std::string& directory, const std::function<uint64_t()>& random,
           const std::function<void(absl::string_view)>& log)
      : io_(io), directory_(directory), random_(random), log_(log) {}

  absl::StatusOr<RecoveredLog> Run() {
    DCP_ASSIGN_OR_RETURN(const std::vector<uint64_t> numbers, ListNumbers(io_, directory_));
    if (!numbers.empty()) out_.next_number = numbers.back() + 1;
    for (const uint64_t number : numbers) {
      DCP_RETURN_IF_ERROR(LookAt(number, number == numbers.back()));
    }
    if (!has_id_) {
      out_.id_high = random_ ? random_() : RandomNumber();
      out_.id_low = random_ ? random_() : RandomNumber();
    }
    for (size_t i = snapshot_; i < out_.segments.size(); ++i) DCP_RETURN_IF_ERROR(Scan(i));
    return std::move(out_);
  }

 private:
  // Where the file begins, and its snapshot.
  absl::Status LookAt(uint64_t number, bool is_last) {
    DCP_ASSIGN_OR_RETURN(auto scanner, SegmentScanner::Open(io_, SegmentPath(directory_, number)));
    DCP_ASSIGN_OR_RETURN(const uint64_t size, scanner.size());
    DCP_ASSIGN_OR_RETURN(Found found, scanner.Next(size));
    if (found == Found::kDamage) {
      DCP_ASSIGN_OR_RETURN(const bool more, scanner.SkipDamage(size));
      if (more) {
        DCP_ASSIGN_OR_RETURN(found, scanner.Next(size));
      }
    }
    if (found != Found::kBlock) return Nothing(scanner.path(), is_last);
    if (scanner.header().kind == BlockKind::kSnapshot) {
      DCP_ASSIGN_OR_RETURN(LogSnapshot snapshot, ReadSnapshot(scanner));
      out_.id_high = snapshot.id_high;
      out_.id_low = snapshot.id_low;
      out_.sessions = std::move(snapshot.sessions);
      has_id_ = true;
      snapshot_ = out_.segments.size();
    }
    out_.segments.push_back({number, scanner.header().first, size});
    return absl::OkStatus();
  }

  static absl::StatusOr<LogSnapshot> ReadSnapshot(const SegmentScanner& scanner) {
    absl::StatusOr<LogSnapshot> snapshot = LogSnapshot::Parse(scanner.body());
    if (!snapshot.ok()) return Annotate(snapshot.status(), scanner.path());
    return snapshot;
  }

  // No block is whole in the file at `path`.
  absl::Status Nothing(const std::string& path, bool is_last) {
    if (!is_last) {
      log_(absl::StrCat("pushed messages: nothing can be read in ", path, ": left out"));
      return absl::OkStatus();
    }
    log_(absl::StrCat("pushed messages: ", path, " was being made when dcp ended: deleted"));
    FaultPoint("intake.unmade_found");
    if (io_.Remove(path) != 0) return IoError(errno, "delete", path);
    return absl::OkStatus();
  }

  // What stands in file `index`: sessions and sequences.
  absl::Status Scan(size_t index) {
    RecoveredSegment& segment = out_.segments[index];
    DCP_ASSIGN_OR_RETURN(auto scanner,
                         SegmentScanner::Open(io_, SegmentPath(directory_, segment.number)));
    const bool is_last = index + 1 == out_.segments.size();
    const std::optional<uint64_t> end =
        is_last ? std::nullopt : std::optional(out_.segments[index + 1].first);
    out_.next = std::max(out_.next, segment.first);
    while (true) {
      const uint64_t before = scanner.offset();
      DCP_ASSIGN_OR_RETURN(const Found found, scanner.Next(segment.bytes));
      if (found == Found::kEnd) return absl::OkStatus();
      if (found == Found::kBlock) {
        if (scanner.header().durable >= out_.next) segment.attested = before;
        if (end && scanner.header().first >= *end) return absl::OkStatus();
        DCP_RETURN_IF_ERROR(Take(scanner));
        continue;
      }
      DCP_ASSIGN_OR_RETURN(const bool goes_on, PassDamage(scanner, segment, is_last));
      if (!goes_on) return absl::OkStatus();
    }
  }

  absl::Status Take(const SegmentScanner& scanner) {
    const BlockHeader& header = scanner.header();
    if (header.kind == BlockKind::kSnapshot) return absl::OkStatus();
    const auto body = EntriesBody::Parse(scanner.body(), header.count);
    if (header.kind != BlockKind::kEntries || !body) {
      return absl::FailedPreconditionError(
          absl::StrCat(scanner.path(), " was written by a newer dcp: start that one"));
    }
    uint64_t last = 0;
    for (const IntakeEntry& entry : body->entries) last = std::max(last, entry.number);
    out_.sessions.Note(body->session, last);
    out_.next = std::max(out_.next, header.first + header.count);
    return absl::OkStatus();
  }

  // False when nothing stands behind the damage. A tail that was never said to be on disk is
  // cut off; what was is damage that the reader has to come upon.
  absl::StatusOr<bool> PassDamage(SegmentScanner& scanner, RecoveredSegment& segment,
                                  bool is_last) {
    const uint64_t at = scanner.offset();
    DCP_ASSIGN_OR_RETURN(const bool more, scanner.SkipDamage(segment.bytes));
    // The block at 0 was on disk before there was another one.
    if (more && (at == 0 || scanner.header().durable > out_.next)) {
      log_(absl::StrCat("pushed messages: ", scanner.path(), " is damaged from ", at, " to ",
                        scanner.offset(), " (messages around ", out_.next, ")"));
      return true;
    }
    if (!is_last) return more;
    log_(absl::StrCat("pushed messages: the last write to ", scanner.path(),
                      " was torn: cut off at ", at, " of ", segment.bytes, " bytes"));
    segment.bytes = at;
    FaultPoint("intake.torn_found");
    const OpenFile file(io_, scanner.path(), O_WRONLY);
    if (!file.open() || io_.Truncate(file.fd(), at) != 0) {
      return IoError(errno, "cut", scanner.path());
    }
    return false;
  }

  FileIo& io_;
  const std::string& directory_;
  const std::function<uint64_t()>& random_;
  const std::function<void(absl::string_view)>& log_;
  RecoveredLog out_;
  bool has_id_ = false;
  size_t snapshot_ = 0;  // the last file with one
};

}  // namespace

std::string LogSnapshot::ToBytes() const {
  std::string body;
  PutNumber(kVersion, body);
  PutNumber(id_high, body);
  PutNumber(id_low, body);
  PutText(sessions.ToBytes(), body);
  return body;
}

absl::StatusOr<LogSnapshot> LogSnapshot::Parse(absl::string_view body) {
  uint32_t version = 0;
  LogSnapshot out;
  absl::string_view sessions;
  if (TakeNumber(body, version) && version > kVersion) {
    return absl::FailedPreconditionError(absl::StrCat("was written by a newer dcp (format ",
                                                      version, ", this one reads ", kVersion,
                                                      "): start that one"));
  }
  if (!TakeNumber(body, out.id_high) || !TakeNumber(body, out.id_low) ||
      !TakeText(body, sessions)) {
    return absl::DataLossError("its first block is not one of dcp's");
  }
  DCP_ASSIGN_OR_RETURN(out.sessions, SessionTable::Parse(sessions));
  return out;
}

absl::StatusOr<RecoveredLog> RecoverLog(FileIo& io, const std::string& directory,
                                        const std::function<uint64_t()>& random,
                                        const std::function<void(absl::string_view)>& log) {
  return Recovery(io, directory, random, log).Run();
}

std::string SegmentPath(absl::string_view directory, uint64_t number) {
  return absl::StrCat(directory, "/", absl::StrFormat("%06d", number), kSuffix);
}

}  // namespace dcp::collector
