// ControlService: what proto/control.proto promises, over the ports of model/. Calls that read the
// state or ask a server run one after another on threads of their own, of which so many may wait;
// beyond them calls are refused.
//
// Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/ports/finding_desk.h"
#include "model/ports/proof_source.h"
#include "model/ports/status_source.h"
#include "proto/control.grpc.pb.h"
#include "server/call_gate.h"
#include "server/task_queue.h"
#include "server/watch_hub.h"

namespace dcp::server {

class ControlService final : public control::ControlService::CallbackService {
 public:
  // All outlive the service. Texts that they give are UTF-8.
  struct Parts {
    const model::StatusSource* status = nullptr;
    model::ProofSource* proofs = nullptr;  // asked by two threads
    std::function<absl::StatusOr<std::unique_ptr<model::FindingDesk>>(bool writes)> open_desk;
    WatchHub::OpenHistory open_history;
    const CallGate* gate = nullptr;
    const Clock* clock = nullptr;
  };
  struct Options {
    WatchHub::Options watch;
    size_t max_waiting = 64;  // calls
    size_t max_request_bytes = 64 << 10;
    size_t page_findings = 200;
    size_t page_bytes = 1 << 20;
  };

  ControlService(const Options& options, Parts parts);
  ~ControlService() override;

  // More was said.
  void Notify() { watch_.Notify(); }

  // Ends open calls with UNAVAILABLE; later ones are refused. Idempotent, by one owner.
  void Stop();

  size_t watchers() const { return watch_.watchers(); }

  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* call,
                                   const control::StatusRequest* request,
                                   control::StatusResponse* response) override;
  grpc::ServerUnaryReactor* ListFindings(grpc::CallbackServerContext* call,
                                         const control::ListFindingsRequest* request,
                                         control::ListFindingsResponse* response) override;
  grpc::ServerUnaryReactor* FindFindings(grpc::CallbackServerContext* call,
                                         const control::FindFindingsRequest* request,
                                         control::FindFindingsResponse* response) override;
  grpc::ServerUnaryReactor* Acknowledge(grpc::CallbackServerContext* call,
                                        const control::AcknowledgeRequest* request,
                                        control::AcknowledgeResponse* response) override;
  grpc::ServerUnaryReactor* Ignore(grpc::CallbackServerContext* call,
                                   const control::IgnoreRequest* request,
                                   control::IgnoreResponse* response) override;
  grpc::ServerUnaryReactor* ListRules(grpc::CallbackServerContext* call,
                                      const control::ListRulesRequest* request,
                                      control::ListRulesResponse* response) override;
  grpc::ServerUnaryReactor* RemoveRule(grpc::CallbackServerContext* call,
                                       const control::RemoveRuleRequest* request,
                                       control::RemoveRuleResponse* response) override;
  grpc::ServerWriteReactor<control::WatchResponse>* Watch(
      grpc::CallbackServerContext* call, const control::WatchRequest* request) override;
  grpc::ServerUnaryReactor* TakeMark(grpc::CallbackServerContext* call,
                                     const control::TakeMarkRequest* request,
                                     control::TakeMarkResponse* response) override;
  grpc::ServerUnaryReactor* Prove(grpc::CallbackServerContext* call,
                                  const control::ProveRequest* request,
                                  control::ProveResponse* response) override;

 private:
  using Work = std::function<absl::Status()>;

  // Every call goes through one of these: with its role, its size, and its turn.
  grpc::Status Admit(const grpc::CallbackServerContext& call, model::Role role,
                     const google::protobuf::Message& request) const;
  grpc::ServerUnaryReactor* InTurn(grpc::CallbackServerContext* call, model::Role role,
                                   const google::protobuf::Message& request, TaskQueue& queue,
                                   Work work);
  using DeskWork = std::function<absl::Status(model::FindingDesk&)>;
  grpc::ServerUnaryReactor* AtDesk(grpc::CallbackServerContext* call, model::Role role,
                                   const google::protobuf::Message& request, DeskWork work);

  absl::Status ReadPage(model::FindingDesk& desk, const control::ListFindingsRequest& request,
                        control::ListFindingsResponse* response) const;

  const Options options_;
  const Parts parts_;
  WatchHub watch_;
  TaskQueue state_queue_, source_queue_;  // last: their tasks use all others
};

}  // namespace dcp::server
