// Traces: where the last change of a settled key stood, in few bytes: enough to
// name its transaction when the key differs later, long after its batch is gone.
//
// Thread-compatible. Bounded: binlog file names beyond the newest kFilesKept are
// forgotten; servers (GTID sources) are as many as ever wrote.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "checker/segment.h"
#include "model/gtid.h"
#include "model/verdict.h"

namespace dcp::checker {

struct Trace {
  uint64_t gtid_number = 0;
  uint64_t offset = 0;
  int64_t timestamp_micros = 0;
  uint32_t gtid_source = 0;
  uint32_t file = 0;  // from 1; 0: none
  model::Op op = model::Op::kOther;
  bool set = false;
};

class Traces {
 public:
  // REQUIRES: `item` points at a change.
  Trace Of(const Item& item);
  // Without content; nullopt if `trace` is not set.
  std::optional<model::ChangeEvidence> EvidenceOf(const Trace& trace) const;

 private:
  static constexpr size_t kFilesKept = 4096;

  uint32_t SourceNumber(const model::GtidSource& source);
  uint32_t FileNumber(const std::string& name);

  std::vector<model::GtidSource> sources_;
  std::deque<std::string> files_;
  uint32_t first_file_ = 1;  // number of files_.front()
};

}  // namespace dcp::checker
