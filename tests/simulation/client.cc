#include "tests/simulation/client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/grpc/intake_reader.h"

namespace dcp::simulation {
namespace {

constexpr uint64_t kMostMessages = 6;  // in a batch

}  // namespace

bool Client::Step(Process& server) {
  if (done()) return false;
  if (!in_call_) {
    Call(server);
    return true;
  }
  switch (around_.random.Below(3)) {
    case 0:
      Send();
      break;
    case 1:
      LetServerWork(server);
      break;
    default:
      Take();
  }
  return true;
}

void Client::Call(Process& server) {
  PushRequest request;
  request.mutable_open()->set_session("session");
  request.mutable_open()->set_tag(feeding_.tag.value());
  request.mutable_open()->set_acknowledged(acknowledged_);
  auto response = server.OpenCall(request);
  if (!response) return;
  in_call_ = true;
  next_ = response->last_sequence() + 1;
  responses_.push_back(*std::move(response));
  around_.trace.Add("call for ", feeding_.tag.value(), " goes on from ", next_);
}

void Client::Send() {
  if (next_ > feeding_.messages.size()) return;
  PushBatch& batch = *requests_.emplace_back().mutable_batch();
  batch.set_first_sequence(next_);
  for (uint64_t left = 1 + around_.random.Below(kMostMessages);
       left > 0 && next_ <= feeding_.messages.size(); --left) {
    *batch.add_messages() = feeding_.messages[next_++ - 1];
  }
}

void Client::LetServerWork(Process& server) {
  if (requests_.empty()) return;
  std::vector<const PushRequest*> requests;
  for (const PushRequest& request : requests_) requests.push_back(&request);
  auto response = server.TakeBatches(feeding_.tag, requests);
  requests_.clear();
  if (!response) return Disconnect(&server);
  responses_.push_back(*std::move(response));
}

void Client::Take() {
  if (responses_.empty()) return;
  acknowledged_ = std::max(acknowledged_, responses_.front().last_sequence());
  most_acknowledged_ = std::max(most_acknowledged_, acknowledged_);
  around_.trace.Add("acknowledged ", acknowledged_, " of ", feeding_.tag.value());
  responses_.pop_front();
}

void Client::Disconnect(Process* server) {
  if (server != nullptr) server->EndCall(feeding_.tag);
  in_call_ = false;
  requests_.clear();
  responses_.clear();
}

void Client::CheckHeld(Process& server) const {
  collector::IntakeLog& log = server.log(feeding_.tag);
  const std::string& tag = feeding_.tag.value();
  const uint64_t held = log.session("session").last;
  if (held < most_acknowledged_) {
    around_.ledger.Fail(absl::StrCat("acknowledged up to ", most_acknowledged_, " of ", tag,
                                     ", held up to ", held));
  }
  collector::IntakeReader reader(log, server.FirstNeeded(feeding_.tag));
  uint64_t last = 0;
  while (true) {
    const auto block = reader.Next();
    if (!block.ok() || !block->has_value()) break;
    if ((*block)->lost > 0) around_.ledger.Fail(absl::StrCat("messages of ", tag, " are lost"));
    for (const auto& entry : (*block)->body.entries) {
      const bool follows = last == 0 || entry.number == last + 1;
      last = entry.number;
      if (follows && entry.kind == collector::EntryKind::kNumbered &&
          entry.bytes == feeding_.messages[last - 1].SerializeAsString()) {
        continue;
      }
      around_.ledger.Fail(absl::StrCat("what is held of ", tag, " is not what was sent"));
    }
  }
}

}  // namespace dcp::simulation
