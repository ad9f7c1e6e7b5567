// What stands in the files of an IntakeLog: blocks, one behind the other, each checked by
// itself. Numbers are little-endian.
//
//   block  = magic "DCIB", u32 kind, u64 check, u64 first, u64 durable, u32 count,
//            u32 size, body of `size` bytes
//            `check` is XXH3-64 of all that stands behind it; `first` the sequence of its
//            first entry; every entry before `durable` was on disk when it was written
//   body   = (entries)  text session, then `count` times: u8 kind, text bytes,
//                       and of kNumbered and kRefused u64 number
//            (snapshot) u32 version, u64 log, u64 log, text: SessionTable, as it is here
//   text   = u32 size, bytes
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dcp::collector {

enum class BlockKind : uint32_t { kEntries = 1, kSnapshot = 2 };

enum class EntryKind : uint8_t {
  kMessage = 1,   // a dcp.Message as it came
  kNumbered = 2,  // the same, of a session
  // Continuity is lost before this place; the bytes tell why, for the reader.
  kBreak = 3,
  kRefused = 4,  // a number of a session whose message was refused
};

struct IntakeEntry {
  EntryKind kind = EntryKind::kMessage;
  uint64_t number = 0;      // in the session: of kNumbered and kRefused
  absl::string_view bytes;  // lie in the block
};

struct BlockHeader {
  static constexpr size_t kBytes = 40;

  BlockKind kind = BlockKind::kEntries;
  uint64_t check = 0;
  uint64_t first = 0;
  uint64_t durable = 0;
  uint32_t count = 0;
  uint32_t size = 0;  // of the body

  // nullopt: no block begins with these bytes. REQUIRES: header.size() == kBytes
  static std::optional<BlockHeader> Parse(absl::string_view header);
};

// Whether the body belongs to the header, bit for bit.
bool CheckBlock(absl::string_view header, absl::string_view body);

// Appends a whole block.
void PutBlock(const BlockHeader& header, absl::string_view body, std::string& out);

// Position of the first magic in `bytes` at or behind `from`; npos: none.
size_t FindMagic(absl::string_view bytes, size_t from);

struct EntriesBody {
  absl::string_view session;
  std::vector<IntakeEntry> entries;

  // nullopt: it is not `count` entries. What it gives lies in `body`.
  static std::optional<EntriesBody> Parse(absl::string_view body, uint32_t count);
};

// IntakeBatch: entries of one stream that are to be stored together.
// Thread-compatible.
class IntakeBatch {
 public:
  // `session`: empty for messages without numbers.
  explicit IntakeBatch(std::string session = {}) : session_(std::move(session)) {}

  void AddBreak(absl::string_view why) { Add(EntryKind::kBreak, why, 0); }
  void AddMessage(absl::string_view bytes) { Add(EntryKind::kMessage, bytes, 0); }
  // REQUIRES: of a session
  void AddNumbered(uint64_t number, absl::string_view bytes) {
    Add(EntryKind::kNumbered, bytes, number);
  }
  void AddRefused(uint64_t number) { Add(EntryKind::kRefused, {}, number); }

  bool empty() const { return count_ == 0; }
  uint64_t count() const { return count_; }
  size_t bytes() const { return bytes_; }
  const std::string& session() const { return session_; }
  uint64_t last_number() const { return last_number_; }  // 0: none

  // The blocks of it, about a MiB each or one entry.
  void PutBlocks(uint64_t first, uint64_t durable, std::string& out) const;

 private:
  struct Part {
    std::string body;
    uint32_t count = 0;
  };

  void Add(EntryKind kind, absl::string_view bytes, uint64_t number);

  std::string session_;
  std::vector<Part> parts_;
  uint64_t count_ = 0;
  uint64_t last_number_ = 0;
  size_t bytes_ = 0;
};

}  // namespace dcp::collector
