// ControlClient: a running dcp, asked over gRPC: its findings as a FindingDesk, its proofs as a
// ProofSource, and what else proto/control.proto has.
//
// Errors are those of the daemon; beside them
//   kUnavailable      it cannot be reached, or was lost
//   kUnauthenticated, kPermissionDenied  the token is missing, or is not for this
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cmd/dcp/channel.h"
#include "model/ports/finding_desk.h"
#include "model/ports/proof_source.h"

namespace dcp::cmd {

class ControlClient final : public model::FindingDesk, public model::ProofSource {
 public:
  // Connects with the first call.
  //   kInvalidArgument  names the option that cannot be
  static absl::StatusOr<std::unique_ptr<ControlClient>> Create(const ChannelOptions& options);
  ~ControlClient() override;

  absl::StatusOr<std::string> StatusJson();

  struct WatchRequest {
    std::string cursor;   // empty: from now on, or
    bool oldest = false;  // from the oldest alarm that is kept
    std::vector<std::string> types, checks;
  };
  struct Watched {
    std::string cursor;
    bool has_alarm = false;
    std::string type, text, json;
  };
  // Until `take` returns false, which is OK; or the call ends, with an error.
  absl::Status Watch(const WatchRequest& request, const std::function<bool(const Watched&)>& take);

  absl::Status List(const model::FindingFilter& filter, absl::Time now,
                    const std::function<bool(const model::FindingEntry&)>& take) override;
  absl::StatusOr<std::vector<model::FindingEntry>> Find(const std::string& name,
                                                        absl::Time now) override;
  absl::Status Acknowledge(const model::FindingAck& ack) override;
  absl::Status IgnoreFinding(int64_t number, std::optional<absl::Time> until,
                             const std::string& note, absl::Time now) override;
  absl::Status TakeBackAck(int64_t number) override;
  absl::StatusOr<std::vector<model::IgnoreRule>> Rules() override;
  absl::StatusOr<int64_t> AddRule(const model::IgnoreRule& rule) override;
  absl::Status RemoveRule(int64_t number) override;

  absl::StatusOr<std::vector<model::ProofMark>> TakeMarks(
      const model::MarkRequest& request) override;
  absl::StatusOr<model::Proof> Prove(const model::ProofMark& mark) override;

 private:
  class Impl;
  explicit ControlClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcp::cmd
