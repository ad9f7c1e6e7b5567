#include "cmd/dcp/control_client.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "proto/control.grpc.pb.h"
#include "server/control_wire.h"

namespace dcp::cmd {
namespace {

using Stub = control::ControlService::Stub;
using server::FromWire;

constexpr int64_t kPatienceSeconds = 20;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  // An alarm with long rows is one message.
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  return arguments;
}

}  // namespace

class ControlClient::Impl {
 public:
  Impl(std::string server, std::string token, const std::shared_ptr<grpc::Channel>& channel)
      : server_(std::move(server)),
        token_(std::move(token)),
        stub_(control::ControlService::NewStub(channel)) {}

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    Authorise(token_, context);
    context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                      gpr_time_from_seconds(kPatienceSeconds, GPR_TIMESPAN)));
    return Explain(((*stub_).*method)(&context, request, response));
  }

  absl::Status Watch(const control::WatchRequest& request,
                     const std::function<bool(const control::WatchResponse&)>& take) {
    grpc::ClientContext context;
    Authorise(token_, context);
    const auto reader = stub_->Watch(&context, request);
    control::WatchResponse response;
    bool wanted = true;
    while (wanted && reader->Read(&response)) wanted = take(response);
    if (!wanted) context.TryCancel();
    const grpc::Status status = reader->Finish();
    return wanted ? Explain(status) : absl::OkStatus();
  }

 private:
  absl::Status Explain(const grpc::Status& status) const {
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
      return absl::UnavailableError(absl::StrCat("what answers at ", server_,
                                                 " is not the control of a dcp: see listen "
                                                 "of [control]"));
    }
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      return absl::UnavailableError(
          absl::StrCat("dcp at ", server_, " cannot be reached: ", status.error_message(),
                       " (does it run, is this listen of [control], and do both sides use TLS, or "
                       "neither: --tls, --tls-ca?)"));
    }
    return server::FromGrpc(status);
  }

  const std::string server_, token_;
  const std::unique_ptr<Stub> stub_;
};

absl::StatusOr<std::unique_ptr<ControlClient>> ControlClient::Create(
    const ChannelOptions& options) {
  DCP_ASSIGN_OR_RETURN(std::string token, ReadToken(options));
  DCP_ASSIGN_OR_RETURN(const auto channel, MakeChannel(options, Arguments()));
  return std::unique_ptr<ControlClient>(
      new ControlClient(std::make_unique<Impl>(options.target, std::move(token), channel)));
}

ControlClient::ControlClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlClient::~ControlClient() = default;

absl::StatusOr<std::string> ControlClient::StatusJson() {
  control::StatusResponse response;
  DCP_RETURN_IF_ERROR(impl_->Call(&Stub::Status, control::StatusRequest(), &response));
  return response.json();
}

absl::Status ControlClient::Watch(const WatchRequest& request,
                                  const std::function<bool(const Watched&)>& take) {
  control::WatchRequest wire;
  if (!request.cursor.empty()) {
    wire.set_cursor(request.cursor);
  } else {
    wire.set_begin(request.oldest ? control::WatchRequest::BEGIN_OLDEST
                                  : control::WatchRequest::BEGIN_NOW);
  }
  for (const std::string& type : request.types) wire.add_types(type);
  for (const std::string& check : request.checks) wire.add_checks(check);
  return impl_->Watch(wire, [&](const control::WatchResponse& response) {
    return take({response.cursor(), response.has_alarm(), response.alarm().type(),
                 response.alarm().text(), response.alarm().json()});
  });
}

absl::Status ControlClient::List(const model::FindingFilter& filter, absl::Time /*now*/,
                                 const std::function<bool(const model::FindingEntry&)>& take) {
  control::ListFindingsRequest request;
  request.set_check(filter.check);
  request.set_target(filter.target);
  request.set_table(filter.table);
  for (const model::FindingState state : filter.states) request.add_states(ToString(state));
  request.set_after(filter.after);
  while (true) {
    control::ListFindingsResponse page;
    DCP_RETURN_IF_ERROR(impl_->Call(&Stub::ListFindings, request, &page));
    for (const control::Finding& finding : page.findings()) {
      DCP_ASSIGN_OR_RETURN(const model::FindingEntry entry, FromWire(finding));
      if (!take(entry)) return absl::OkStatus();
    }
    if (page.complete()) return absl::OkStatus();
    if (page.through() <= request.after()) return absl::DataLossError("a page that does not go on");
    request.set_after(page.through());
  }
}

absl::StatusOr<std::vector<model::FindingEntry>> ControlClient::Find(const std::string& name,
                                                                     absl::Time /*now*/) {
  control::FindFindingsRequest request;
  request.set_name(name);
  control::FindFindingsResponse response;
  DCP_RETURN_IF_ERROR(impl_->Call(&Stub::FindFindings, request, &response));
  std::vector<model::FindingEntry> found;
  for (const control::Finding& finding : response.findings()) {
    DCP_ASSIGN_OR_RETURN(found.emplace_back(), FromWire(finding));
  }
  return found;
}

absl::Status ControlClient::Acknowledge(const model::FindingAck& ack) {
  control::AcknowledgeRequest request;
  request.set_number(ack.finding);
  request.set_note(ack.note);
  control::AcknowledgeResponse response;
  return impl_->Call(&Stub::Acknowledge, request, &response);
}

absl::Status ControlClient::TakeBackAck(int64_t number) {
  control::AcknowledgeRequest request;
  request.set_number(number);
  request.set_undo(true);
  control::AcknowledgeResponse response;
  return impl_->Call(&Stub::Acknowledge, request, &response);
}

absl::Status ControlClient::IgnoreFinding(int64_t number, std::optional<absl::Time> until,
                                          const std::string& note, absl::Time /*now*/) {
  control::IgnoreRequest request;
  request.set_number(number);
  request.mutable_rule()->set_until(server::ToNanos(until));
  request.mutable_rule()->set_note(note);
  control::IgnoreResponse response;
  return impl_->Call(&Stub::Ignore, request, &response);
}

absl::StatusOr<std::vector<model::IgnoreRule>> ControlClient::Rules() {
  control::ListRulesResponse response;
  DCP_RETURN_IF_ERROR(impl_->Call(&Stub::ListRules, control::ListRulesRequest(), &response));
  std::vector<model::IgnoreRule> rules;
  for (const control::IgnoreRule& rule : response.rules()) rules.push_back(FromWire(rule));
  return rules;
}

absl::StatusOr<int64_t> ControlClient::AddRule(const model::IgnoreRule& rule) {
  control::IgnoreRequest request;
  *request.mutable_rule() = server::ToWire(rule);
  control::IgnoreResponse response;
  DCP_RETURN_IF_ERROR(impl_->Call(&Stub::Ignore, request, &response));
  return response.rule();
}

absl::Status ControlClient::RemoveRule(int64_t number) {
  control::RemoveRuleRequest request;
  request.set_number(number);
  control::RemoveRuleResponse response;
  return impl_->Call(&Stub::RemoveRule, request, &response);
}

absl::StatusOr<std::vector<model::ProofMark>> ControlClient::TakeMarks(
    const model::MarkRequest& request) {
  control::TakeMarkRequest wire;
  wire.set_check(request.check);
  wire.set_gtid(request.gtid);
  if (request.barrier) wire.set_barrier(*request.barrier);
  control::TakeMarkResponse response;
  DCP_RETURN_IF_ERROR(impl_->Call(&Stub::TakeMark, wire, &response));
  std::vector<model::ProofMark> marks;
  for (const control::Mark& mark : response.marks()) marks.push_back(FromWire(mark));
  return marks;
}

absl::StatusOr<model::Proof> ControlClient::Prove(const model::ProofMark& mark) {
  control::ProveRequest request;
  *request.mutable_mark() = server::ToWire(mark);
  control::ProveResponse response;
  DCP_RETURN_IF_ERROR(impl_->Call(&Stub::Prove, request, &response));
  return FromWire(response);
}

}  // namespace dcp::cmd
