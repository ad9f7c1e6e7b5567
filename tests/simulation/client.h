// Client: pushes the messages of one tag in a session, and sends again what was not
// acknowledged, over any number of calls, as cmd/dcp/push_lane.h does.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "proto/dcp.pb.h"
#include "tests/simulation/process.h"
#include "tests/simulation/surroundings.h"

namespace dcp::simulation {

class Client {
 public:
  // `feeding` and `around` outlive it.
  Client(const Feeding& feeding, Surroundings& around) : feeding_(feeding), around_(around) {}

  // One thing of its own or its server's, drawn at random. False: nothing is left to do.
  bool Step(Process& server);
  // The connection is lost, with all that is on its way.
  void Disconnect(Process* server);
  // It is started again, and knows nothing of what was acknowledged.
  void Forget() { acknowledged_ = 0; }

  const model::Tag& tag() const { return feeding_.tag; }
  bool done() const { return acknowledged_ == feeding_.messages.size(); }
  // A process has begun: all that was acknowledged must be there, from where it is read,
  // in order and as it was sent.
  void CheckHeld(Process& server) const;

 private:
  void Call(Process& server);
  void Send();
  void LetServerWork(Process& server);
  void Take();

  const Feeding& feeding_;
  Surroundings& around_;
  uint64_t acknowledged_ = 0;
  uint64_t most_acknowledged_ = 0;  // ever
  bool in_call_ = false;
  uint64_t next_ = 1;  // number, to be sent
  std::deque<PushRequest> requests_;
  std::deque<PushResponse> responses_;
};

}  // namespace dcp::simulation
