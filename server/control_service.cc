#include "server/control_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "server/control_wire.h"
#include "server/status_json.h"

namespace dcp::server {
namespace {

constexpr size_t kMaxText = 4096;  // of a note or a name

using Reactor = grpc::ServerWriteReactor<control::WatchResponse>;

absl::Status CheckText(absl::string_view what, const std::string& text) {
  if (text.size() <= kMaxText) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " has ", text.size(), " bytes, more than ", kMaxText));
}

std::optional<model::AlarmType> TypeFromText(absl::string_view text) {
  for (const model::AlarmType type : model::kAllAlarmTypes) {
    if (text == model::ToString(type)) return type;
  }
  return std::nullopt;
}

absl::StatusOr<WatchTerms> ToTerms(const control::WatchRequest& request) {
  using Request = control::WatchRequest;
  WatchTerms terms;
  const bool named = request.begin() != Request::BEGIN_UNSPECIFIED;
  if (named && !request.cursor().empty()) {
    return absl::InvalidArgumentError("both `begin` and `cursor`: give one of them");
  }
  if (named && request.begin() != Request::BEGIN_NOW && request.begin() != Request::BEGIN_OLDEST) {
    return absl::InvalidArgumentError(
        absl::StrCat("`begin` is ", static_cast<int>(request.begin()), ": no way to begin"));
  }
  if (named) terms.begin = request.begin();
  terms.cursor = request.cursor();
  terms.types = request.types().empty() ? model::AlarmTypes::Default() : model::AlarmTypes();
  for (const std::string& word : request.types()) {
    const auto type = TypeFromText(word);
    if (!type) {
      return absl::InvalidArgumentError(
          "no such type of alarm; there are same, diff, unverified, timeout and resolved");
    }
    terms.types.Add(*type);
  }
  terms.checks.assign(request.checks().begin(), request.checks().end());
  return terms;
}

absl::StatusOr<model::FindingFilter> ToFilter(const control::ListFindingsRequest& request) {
  model::FindingFilter filter{
      request.check(), request.target(), request.table(), {}, request.after()};
  for (const std::string& word : request.states()) {
    const auto state = model::FindingStateFromText(word);
    if (!state) {
      return absl::InvalidArgumentError(
          "no such state; there are open, acknowledged, ignored and resolved");
    }
    filter.states.push_back(*state);
  }
  if (filter.after < 0) return absl::InvalidArgumentError("`after` is negative");
  return filter;
}

absl::Status CheckRule(const control::IgnoreRule& rule) {
  DCP_RETURN_IF_ERROR(CheckText("a check's name", rule.check()));
  DCP_RETURN_IF_ERROR(CheckText("a target's name", rule.target()));
  DCP_RETURN_IF_ERROR(CheckText("a table's name", rule.table()));
  DCP_RETURN_IF_ERROR(CheckText("a column's name", rule.column()));
  return CheckText("a note", rule.note());
}

}  // namespace

ControlService::ControlService(const Options& options, Parts parts)
    : options_(options),
      parts_(std::move(parts)),
      watch_(options.watch, parts_.open_history, *parts_.clock),
      state_queue_(options.max_waiting),
      source_queue_(options.max_waiting) {}

ControlService::~ControlService() { Stop(); }

void ControlService::Stop() {
  watch_.Stop();
  state_queue_.Stop();
  source_queue_.Stop();
}

grpc::Status ControlService::Admit(const grpc::CallbackServerContext& call, model::Role role,
                                   const google::protobuf::Message& request) const {
  grpc::Status status = parts_.gate->Admit(call, role);
  if (!status.ok()) return status;
  if (request.ByteSizeLong() <= options_.max_request_bytes) return status;
  return {grpc::StatusCode::INVALID_ARGUMENT,
          absl::StrCat("a request of ", request.ByteSizeLong(), " bytes, more than ",
                       options_.max_request_bytes)};
}

grpc::ServerUnaryReactor* ControlService::InTurn(grpc::CallbackServerContext* call,
                                                 model::Role role,
                                                 const google::protobuf::Message& request,
                                                 TaskQueue& queue, Work work) {
  grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
  if (grpc::Status status = Admit(*call, role, request); !status.ok()) {
    reactor->Finish(std::move(status));
    return reactor;
  }
  const bool taken = queue.Add([reactor, work = std::move(work)](bool proceed) {
    reactor->Finish(proceed ? ToGrpc(work())
                            : grpc::Status(grpc::StatusCode::UNAVAILABLE, "dcp is stopping"));
  });
  if (!taken) {
    reactor->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED,
                     "dcp is stopping, or too much is asked at a time: try again"});
  }
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::AtDesk(grpc::CallbackServerContext* call,
                                                 model::Role role,
                                                 const google::protobuf::Message& request,
                                                 DeskWork work) {
  return InTurn(
      call, role, request, state_queue_, [this, role, work = std::move(work)]() -> absl::Status {
        DCP_ASSIGN_OR_RETURN(const auto desk, parts_.open_desk(role == model::Role::kAdmin));
        return work(*desk);
      });
}

grpc::ServerUnaryReactor* ControlService::Status(grpc::CallbackServerContext* call,
                                                 const control::StatusRequest* request,
                                                 control::StatusResponse* response) {
  return InTurn(call, model::Role::kRead, *request, state_queue_, [this, response] {
    response->set_json(StatusJson(parts_.status->Status(), parts_.clock->Now()));
    return absl::OkStatus();
  });
}

absl::Status ControlService::ReadPage(model::FindingDesk& desk,
                                      const control::ListFindingsRequest& request,
                                      control::ListFindingsResponse* response) const {
  DCP_ASSIGN_OR_RETURN(const model::FindingFilter filter, ToFilter(request));
  size_t bytes = 0;
  response->set_complete(true);
  return desk.List(filter, parts_.clock->Now(), [&](const model::FindingEntry& entry) {
    const auto count = static_cast<size_t>(response->findings_size());
    if (count >= options_.page_findings || bytes >= options_.page_bytes) {
      response->set_complete(false);
      return false;
    }
    control::Finding* const finding = response->add_findings();
    *finding = ToWire(entry);
    response->set_through(entry.record.number);
    bytes += finding->ByteSizeLong();
    return true;
  });
}

grpc::ServerUnaryReactor* ControlService::ListFindings(grpc::CallbackServerContext* call,
                                                       const control::ListFindingsRequest* request,
                                                       control::ListFindingsResponse* response) {
  return AtDesk(call, model::Role::kRead, *request,
                [this, request, response](model::FindingDesk& desk) {
                  return ReadPage(desk, *request, response);
                });
}

grpc::ServerUnaryReactor* ControlService::FindFindings(grpc::CallbackServerContext* call,
                                                       const control::FindFindingsRequest* request,
                                                       control::FindFindingsResponse* response) {
  return AtDesk(call, model::Role::kRead, *request,
                [this, request, response](model::FindingDesk& desk) -> absl::Status {
                  DCP_RETURN_IF_ERROR(CheckText("a finding's name", request->name()));
                  DCP_ASSIGN_OR_RETURN(const auto found,
                                       desk.Find(request->name(), parts_.clock->Now()));
                  for (const model::FindingEntry& entry : found) {
                    *response->add_findings() = ToWire(entry);
                  }
                  return absl::OkStatus();
                });
}

grpc::ServerUnaryReactor* ControlService::Acknowledge(grpc::CallbackServerContext* call,
                                                      const control::AcknowledgeRequest* request,
                                                      control::AcknowledgeResponse* /*response*/) {
  return AtDesk(
      call, model::Role::kAdmin, *request,
      [this, request](model::FindingDesk& desk) -> absl::Status {
        DCP_RETURN_IF_ERROR(CheckText("a note", request->note()));
        if (request->undo()) return desk.TakeBackAck(request->number());
        return desk.Acknowledge({request->number(), parts_.clock->Now(), request->note()});
      });
}

grpc::ServerUnaryReactor* ControlService::Ignore(grpc::CallbackServerContext* call,
                                                 const control::IgnoreRequest* request,
                                                 control::IgnoreResponse* response) {
  return AtDesk(call, model::Role::kAdmin, *request,
                [this, request, response](model::FindingDesk& desk) -> absl::Status {
                  DCP_RETURN_IF_ERROR(CheckRule(request->rule()));
                  model::IgnoreRule rule = FromWire(request->rule());
                  rule.at = parts_.clock->Now();
                  rule.key_text.clear();  // of a finding alone, which its number names
                  if (rule.until && *rule.until <= rule.at) {
                    return absl::InvalidArgumentError("the rule would be over already");
                  }
                  if (request->number() != 0) {
                    return desk.IgnoreFinding(request->number(), rule.until, rule.note, rule.at);
                  }
                  if (rule.check.empty() && rule.table.empty() && rule.column.empty()) {
                    return absl::InvalidArgumentError("a rule needs a check, a table or a column");
                  }
                  DCP_ASSIGN_OR_RETURN(const int64_t number, desk.AddRule(rule));
                  response->set_rule(number);
                  return absl::OkStatus();
                });
}

grpc::ServerUnaryReactor* ControlService::ListRules(grpc::CallbackServerContext* call,
                                                    const control::ListRulesRequest* request,
                                                    control::ListRulesResponse* response) {
  return AtDesk(call, model::Role::kRead, *request,
                [response](model::FindingDesk& desk) -> absl::Status {
                  DCP_ASSIGN_OR_RETURN(const auto rules, desk.Rules());
                  for (const model::IgnoreRule& rule : rules) *response->add_rules() = ToWire(rule);
                  return absl::OkStatus();
                });
}

grpc::ServerUnaryReactor* ControlService::RemoveRule(grpc::CallbackServerContext* call,
                                                     const control::RemoveRuleRequest* request,
                                                     control::RemoveRuleResponse* /*response*/) {
  return AtDesk(call, model::Role::kAdmin, *request,
                [request](model::FindingDesk& desk) { return desk.RemoveRule(request->number()); });
}

Reactor* ControlService::Watch(grpc::CallbackServerContext* call,
                               const control::WatchRequest* request) {
  if (grpc::Status status = Admit(*call, model::Role::kRead, *request); !status.ok()) {
    return new RefusedWatch(std::move(status));
  }
  absl::StatusOr<WatchTerms> terms = ToTerms(*request);
  if (!terms.ok()) return new RefusedWatch(ToGrpc(terms.status()));
  return watch_.Serve(call, *std::move(terms));
}

grpc::ServerUnaryReactor* ControlService::TakeMark(grpc::CallbackServerContext* call,
                                                   const control::TakeMarkRequest* request,
                                                   control::TakeMarkResponse* response) {
  return InTurn(
      call, model::Role::kRead, *request, source_queue_,
      [this, request, response]() -> absl::Status {
        model::MarkRequest wanted{request->check(), request->gtid(), std::nullopt};
        if (request->has_barrier()) wanted.barrier = request->barrier();
        if (wanted.barrier && !wanted.gtid.empty()) {
          return absl::InvalidArgumentError("both a GTID set and a barrier: give one of them");
        }
        DCP_ASSIGN_OR_RETURN(const auto marks, parts_.proofs->TakeMarks(wanted));
        for (const model::ProofMark& mark : marks) *response->add_marks() = ToWire(mark);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ControlService::Prove(grpc::CallbackServerContext* call,
                                                const control::ProveRequest* request,
                                                control::ProveResponse* response) {
  return InTurn(call, model::Role::kRead, *request, state_queue_,
                [this, request, response]() -> absl::Status {
                  DCP_ASSIGN_OR_RETURN(const model::Proof proof,
                                       parts_.proofs->Prove(FromWire(request->mark())));
                  *response = ToWire(proof);
                  return absl::OkStatus();
                });
}

}  // namespace dcp::server
