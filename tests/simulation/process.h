// Process: one life of dcp, with the parts of its daemon in place of whose threads a caller
// takes steps. It ends by its destructor: in order, or, with a dead disk, like a killed one.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alarm/dispatcher.h"
#include "checker/pair_checker.h"
#include "cmd/dcp/intake_keeper.h"
#include "cmd/dcp/resume.h"
#include "collector/grpc/durable_tag.h"
#include "collector/grpc/push_session.h"
#include "collector/grpc/tag_registry.h"
#include "model/ports/change_sink.h"
#include "model/ports/outbox.h"
#include "row/renderer.h"
#include "state/state_store.h"
#include "tests/simulation/surroundings.h"

namespace dcp::simulation {

// Hands on to the state, and notes what is about to be stored there. To a process whose disk
// is dead it says that it is stopping.
class WatchedOutbox final : public model::Outbox {
 public:
  WatchedOutbox(model::Outbox& outbox, Surroundings& around) : outbox_(outbox), around_(around) {}

  absl::Status Append(const model::Report& report, const std::vector<Addressed>& alarms) override;
  std::vector<Head> Heads(const std::string& sink) const override { return outbox_.Heads(sink); }
  std::vector<Entry> Next(const std::string& sink, const std::string& check, size_t max) override {
    return outbox_.Next(sink, check, max);
  }
  void Acknowledge(const std::string& sink, uint64_t sequence) override {
    outbox_.Acknowledge(sink, sequence);
  }
  void PutAside(const std::string& sink, uint64_t sequence) override;
  Counts CountsOf(const std::string& sink) const override { return outbox_.CountsOf(sink); }

 private:
  model::Outbox& outbox_;
  Surroundings& around_;
};

// The server's side of a Push call.
struct PushCall {
  uint64_t stream = 0;
  collector::PushSession session;
};

class Process final : public model::ChangeSink {
 public:
  // The codes of StateStore::Open() and DurableTag::Open().
  static absl::StatusOr<std::unique_ptr<Process>> Start(Surroundings& around, bool may_be_new);
  ~Process() override;

  absl::Status Open(const model::Tag& tag, model::StreamOrigin origin) override;
  absl::Status Append(const model::Tag& tag, model::ChangeBatchPtr batch) override;

  // Each does a little of what there is to do; false: nothing.
  bool ReadServer(const Feeding& feeding);
  bool FeedPushed(const model::Tag& tag);
  bool Deliver();
  void Tick();

  // As a server answers a client: nullopt: the call ends.
  std::optional<PushResponse> OpenCall(const PushRequest& request);
  std::optional<PushResponse> TakeBatches(const model::Tag& tag,
                                          const std::vector<const PushRequest*>& requests);
  void EndCall(const model::Tag& tag);
  collector::IntakeLog& log(const model::Tag& tag) { return tags_.at(tag)->log(); }

  // Sequence of the first entry of its log that it reads.
  uint64_t FirstNeeded(const model::Tag& tag);

  bool idle() const { return state_->CountsOf(kSink).waiting == 0; }

 private:
  static constexpr char kSink[] = "sink";
  struct Check;

  explicit Process(Surroundings& around);
  static std::vector<model::Tag> PushedTags(const World& world);
  absl::Status Build(bool may_be_new);
  absl::Status OpenState(bool may_be_new);
  void MakeDispatcher();
  void MakeChecks();
  absl::Status OpenTags();
  size_t BeginningOf(const Feeding& feeding);
  void Publish(Check& check);
  bool Store(const model::Tag& tag, const collector::IntakeBatch& batch);
  checker::Instant Now() const { return {around_.clock.Now(), around_.clock.Monotonic()}; }

  Surroundings& around_;
  row::Renderer renderer_;
  std::unique_ptr<state::StateStore> state_;
  std::unique_ptr<WatchedOutbox> outbox_;
  std::unique_ptr<alarm::Dispatcher> dispatcher_;
  std::unique_ptr<cmd::IntakeKeeper> keeper_;
  cmd::ResumePlan plan_;
  std::vector<std::unique_ptr<Check>> checks_;
  std::map<model::Tag, size_t> next_;  // item of each server's stream
  collector::TagRegistry registry_;
  std::map<model::Tag, std::unique_ptr<collector::DurableTag>> tags_;
  std::map<model::Tag, PushCall> calls_;
  uint64_t last_stream_ = 0;
};

}  // namespace dcp::simulation
