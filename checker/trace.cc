#include "checker/trace.h"

#include <algorithm>

#include "model/gtid_set.h"

namespace dcp::checker {

Trace Traces::Of(const Item& item) {
  const model::Txn& txn = item.transaction();
  Trace trace;
  trace.set = true;
  trace.op = item.change().op;
  trace.offset = txn.end_offset;
  trace.timestamp_micros = txn.timestamp_micros;
  trace.gtid_number = txn.gtid.number;
  if (!txn.gtid.empty()) trace.gtid_source = SourceNumber(txn.gtid.source);
  if (txn.file < (*item.batch)->files.size()) {
    trace.file = FileNumber((*item.batch)->files[txn.file]);
  }
  return trace;
}

std::optional<model::ChangeEvidence> Traces::EvidenceOf(const Trace& trace) const {
  if (!trace.set) return std::nullopt;
  model::ChangeEvidence evidence;
  evidence.op = trace.op;
  evidence.offset = trace.offset;
  evidence.timestamp_micros = trace.timestamp_micros;
  if (trace.gtid_number != 0) {
    evidence.txn = model::ToString(model::Gtid{sources_[trace.gtid_source], trace.gtid_number});
  }
  if (trace.file >= first_file_ && trace.file - first_file_ < files_.size()) {
    evidence.file = files_[trace.file - first_file_];
  }
  return evidence;
}

uint32_t Traces::SourceNumber(const model::GtidSource& source) {
  const auto it = std::find(sources_.begin(), sources_.end(), source);
  if (it != sources_.end()) return static_cast<uint32_t>(it - sources_.begin());
  sources_.push_back(source);
  return static_cast<uint32_t>(sources_.size() - 1);
}

uint32_t Traces::FileNumber(const std::string& name) {
  const auto it = std::find(files_.rbegin(), files_.rend(), name);  // mostly the newest
  if (it != files_.rend()) {
    return first_file_ + static_cast<uint32_t>(files_.rend() - it - 1);
  }
  files_.push_back(name);
  if (files_.size() > kFilesKept) {
    files_.pop_front();
    ++first_file_;
  }
  return first_file_ + static_cast<uint32_t>(files_.size() - 1);
}

}  // namespace dcp::checker
