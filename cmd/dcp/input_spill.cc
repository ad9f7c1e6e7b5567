#include "cmd/dcp/input_spill.h"

#include <string>
#include <vector>

#include "base/status.h"

namespace dcp::cmd {

absl::StatusOr<model::SpillTicket> InputSpill::Write(const model::ChangeBatchPtr& batch) {
  MutexLock lock(mu_);
  if (store_ == nullptr) return absl::FailedPreconditionError("nothing can wait on disk");
  if (bytes_ >= kMostBytes) return absl::ResourceExhaustedError("enough waits on disk");
  std::vector<checker::TxnRef> txns;
  for (uint32_t i = 0; i < batch->txns.size(); ++i) txns.push_back({&batch, i});
  DCP_ASSIGN_OR_RETURN(const model::SpillTicket ticket,
                       store_->Write(checker::EncodeTxns(txns, &tables_)));
  bytes_ += ticket.size;
  return ticket;
}

absl::StatusOr<model::ChangeBatchPtr> InputSpill::Take(const model::SpillTicket& ticket) {
  MutexLock lock(mu_);
  DCP_ASSIGN_OR_RETURN(const std::string bytes, store_->Read(ticket));
  store_->Drop(ticket);
  bytes_ -= ticket.size;
  return checker::DecodeTxns(bytes, tables_);
}

uint64_t InputSpill::bytes() const {
  MutexLock lock(mu_);
  return bytes_;
}

}  // namespace dcp::cmd
