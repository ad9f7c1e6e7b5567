// The messages of proto/control.proto and the values of model/ that they carry, both ways.
#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/finding.h"
#include "model/ports/finding_desk.h"
#include "model/proof.h"
#include "proto/control.pb.h"

namespace dcp::server {

grpc::Status ToGrpc(const absl::Status& status);
// The code, and the text as it came.
absl::Status FromGrpc(const grpc::Status& status);

int64_t ToNanos(std::optional<absl::Time> time);
std::optional<absl::Time> FromNanos(int64_t nanos);

control::Finding ToWire(const model::FindingEntry& entry);
// Without what only the state knows: the number of the pair, the key's digest.
//   kInvalidArgument  words that this dcp does not know
absl::StatusOr<model::FindingEntry> FromWire(const control::Finding& finding);

// Without the key's digest.
control::IgnoreRule ToWire(const model::IgnoreRule& rule);
model::IgnoreRule FromWire(const control::IgnoreRule& rule);

control::Mark ToWire(const model::ProofMark& mark);
model::ProofMark FromWire(const control::Mark& mark);
control::ProveResponse ToWire(const model::Proof& proof);
model::Proof FromWire(const control::ProveResponse& proof);

}  // namespace dcp::server
