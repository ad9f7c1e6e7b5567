#include "alarm/dispatcher.h"

#include <chrono>
#include <deque>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/alarm/fakes.h"
#include "tests/support/status_matchers.h"

namespace dcp::alarm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kGenerous = absl::Seconds(20);

// What the sinks and the log saw, shared with the test. Thread-safe.
class Journal {
 public:
  void Add(std::string line) {
    MutexLock lock(mu_);
    lines_.push_back(std::move(line));
    changed_.NotifyAll();
  }
  std::vector<std::string> lines() const {
    MutexLock lock(mu_);
    return lines_;
  }
  // False when they have not come in a generous time.
  bool AwaitSize(size_t size) {
    const absl::Duration end = Clock::Real().Monotonic() + kGenerous;
    MutexLock lock(mu_);
    while (lines_.size() < size && Clock::Real().Monotonic() < end) {
      changed_.WaitFor(mu_, kGenerous);
    }
    return lines_.size() >= size;
  }

 private:
  mutable Mutex mu_;
  CondVar changed_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mu_);
};

// A sink that can be told to fail, or to wait until it is let go. Thread-safe.
class FakeSink final : public Sink {
 public:
  FakeSink(std::string name, model::AlarmTypes types, Journal& journal)
      : name_(std::move(name)), types_(types), journal_(journal) {}

  std::string name() const override { return name_; }
  model::AlarmTypes types() const override { return types_; }
  absl::Status Deliver(const Alarm& alarm) override {
    {
      MutexLock lock(mu_);
      ++attempts_;
      changed_.NotifyAll();
      while (blocked_ && !interrupted_) changed_.Wait(mu_);
      if (interrupted_) return absl::CancelledError("interrupted");
      if (failures_left_ > 0) {
        --failures_left_;
        return absl::UnavailableError("no route");
      }
    }
    journal_.Add(absl::StrCat(model::ToString(alarm.type), " ", Segment(alarm)));
    return absl::OkStatus();
  }
  void Interrupt() override {
    MutexLock lock(mu_);
    interrupted_ = true;
    changed_.NotifyAll();
  }

  void Fail(int times) {
    MutexLock lock(mu_);
    failures_left_ = times;
  }
  void Block(bool blocked) {
    MutexLock lock(mu_);
    blocked_ = blocked;
    changed_.NotifyAll();
  }
  void AwaitAttempts(int attempts) {
    const absl::Duration end = Clock::Real().Monotonic() + kGenerous;
    MutexLock lock(mu_);
    while (attempts_ < attempts && Clock::Real().Monotonic() < end) {
      changed_.WaitFor(mu_, kGenerous);
    }
    EXPECT_GE(attempts_, attempts);
  }

 private:
  static std::string Segment(const Alarm& alarm) {
    return nlohmann::json::parse(alarm.json).at("from").dump();
  }

  const std::string name_;
  const model::AlarmTypes types_;
  Journal& journal_;
  Mutex mu_;
  CondVar changed_;
  int attempts_ ABSL_GUARDED_BY(mu_) = 0;
  int failures_left_ ABSL_GUARDED_BY(mu_) = 0;
  bool blocked_ ABSL_GUARDED_BY(mu_) = false;
  bool interrupted_ ABSL_GUARDED_BY(mu_) = false;
};

model::AlarmTypes All() {
  model::AlarmTypes types;
  for (model::AlarmType type : model::kAllAlarmTypes) types.Add(type);
  return types;
}

class DispatcherTest : public ::testing::Test {
 protected:
  FakeSink& AddSink(const std::string& name, model::AlarmTypes types, Journal& journal) {
    auto sink = std::make_unique<FakeSink>(name, types, journal);
    FakeSink& added = *sink;
    sinks_.push_back(std::move(sink));
    return added;
  }
  FakeSink& AddSink(model::AlarmTypes types = model::AlarmTypes::Default()) {
    return AddSink("fake", types, delivered_);
  }
  // After the sinks.
  Dispatcher& Make(size_t max_queue_bytes = 1 << 20) {
    dispatcher_ = std::make_unique<Dispatcher>(
        Dispatcher::Options{.max_queue_bytes = max_queue_bytes,
                            .first_retry = absl::Milliseconds(1),
                            .last_retry = absl::Milliseconds(4)},
        std::move(sinks_), renderer_, Clock::Real(),
        [this](Level, absl::string_view line) { log_.Add(std::string(line)); });
    return *dispatcher_;
  }

  const FakeRenderer renderer_{};
  Journal delivered_, log_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::unique_ptr<Dispatcher> dispatcher_;  // ends before what it uses
};

TEST_F(DispatcherTest, DeliversInOrder) {
  AddSink();
  Dispatcher& dispatcher = Make();
  dispatcher.Put(Diff({Missing()}, 1, 2));  // before Start: waits
  dispatcher.Start();
  for (uint64_t i = 2; i <= 50; ++i) dispatcher.Put(Diff({Missing()}, i, i + 1));
  dispatcher.Stop(kGenerous);
  std::vector<std::string> expected;
  for (int i = 1; i <= 50; ++i) expected.push_back(absl::StrCat("diff ", i));
  EXPECT_EQ(delivered_.lines(), expected);
  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(DispatcherTest, SinkGetsTheTypesItWants) {
  AddSink();
  Journal all, timeouts;
  model::AlarmTypes only_timeout;
  only_timeout.Add(model::AlarmType::kTimeout);
  AddSink("all", All(), all);
  AddSink("timeouts", only_timeout, timeouts);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  dispatcher.Put(Same(1, 2));
  dispatcher.Put(Diff({Missing()}, 2, 3));
  dispatcher.Put(Late());
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 2", "timeout 20"));
  EXPECT_THAT(all.lines(), ElementsAre("same 1", "diff 2", "timeout 20"));
  EXPECT_THAT(timeouts.lines(), ElementsAre("timeout 20"));
}

TEST_F(DispatcherTest, FailingSinkIsTriedAgainAndReportedTwice) {
  FakeSink& sink = AddSink();
  sink.Fail(5);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  dispatcher.Put(Diff({Missing()}, 1, 2));
  dispatcher.Put(Diff({Missing()}, 2, 3));
  ASSERT_TRUE(delivered_.AwaitSize(2));
  ASSERT_TRUE(log_.AwaitSize(2));
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 1", "diff 2"));
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("alarm sink fake fails: no route"),
                                        HasSubstr("works again after 5 failed attempts")));
  EXPECT_EQ(dispatcher.GetStats().at(0).failures, 5u);
  EXPECT_FALSE(dispatcher.GetStats().at(0).failing);
}

TEST_F(DispatcherTest, FailingSinkHoldsUpNoOther) {
  FakeSink& dead = AddSink();
  dead.Fail(1'000'000);
  Journal other;
  AddSink("other", model::AlarmTypes::Default(), other);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  for (uint64_t i = 0; i < 3; ++i) dispatcher.Put(Diff({Missing()}, i, i + 1));
  EXPECT_TRUE(other.AwaitSize(3));
  dispatcher.Stop(absl::ZeroDuration());
  EXPECT_THAT(delivered_.lines(), IsEmpty());
}

TEST_F(DispatcherTest, SecondAlarmOfAVerdictIsTriedAgainAlone) {
  // The sink takes the diff, fails for the unverified: the diff is not repeated.
  class FailsFirstUnverified final : public Sink {
   public:
    explicit FailsFirstUnverified(Journal& journal) : journal_(journal) {}
    std::string name() const override { return "picky"; }
    model::AlarmTypes types() const override { return model::AlarmTypes::Default(); }
    absl::Status Deliver(const Alarm& alarm) override {
      journal_.Add(model::ToString(alarm.type));
      if (alarm.type != model::AlarmType::kUnverified || failed_) return absl::OkStatus();
      failed_ = true;
      return absl::UnavailableError("once");
    }

   private:
    Journal& journal_;
    bool failed_ = false;
  };
  sinks_.push_back(std::make_unique<FailsFirstUnverified>(delivered_));
  Dispatcher& dispatcher = Make();
  model::Verdict verdict = Diff({Missing()});
  verdict.unverified_reason = "image";
  dispatcher.Put(verdict);
  dispatcher.Start();
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff", "unverified", "unverified"));
  EXPECT_EQ(dispatcher.GetStats().at(0).delivered, 2u);
}

TEST_F(DispatcherTest, PutNeverWaitsForABlockedSink) {
  FakeSink& sink = AddSink();
  sink.Block(true);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  dispatcher.Put(Diff({Missing()}, 1, 2));
  sink.AwaitAttempts(1);
  for (uint64_t i = 2; i <= 100; ++i) dispatcher.Put(Diff({Missing()}, i, i + 1));
  EXPECT_EQ(dispatcher.GetStats().at(0).queued, 100u);
  sink.Block(false);
  EXPECT_TRUE(delivered_.AwaitSize(100));
}

TEST_F(DispatcherTest, StopWhileBlockedInterruptsTheSink) {
  FakeSink& sink = AddSink();
  sink.Block(true);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  dispatcher.Put(Diff({Missing()}, 1, 2));
  dispatcher.Put(Diff({Missing()}, 2, 3));
  sink.AwaitAttempts(1);
  dispatcher.Stop(absl::Milliseconds(10));
  EXPECT_THAT(delivered_.lines(), IsEmpty());
  EXPECT_THAT(log_.lines(), ::testing::Contains(HasSubstr("2 alarms not delivered at the end")));
  EXPECT_EQ(dispatcher.GetStats().at(0).lost, 2u);
}

TEST_F(DispatcherTest, StopTriesAFailingSinkOnceMoreAtOnce) {
  FakeSink& sink = AddSink();
  sink.Fail(1);
  dispatcher_ = std::make_unique<Dispatcher>(
      Dispatcher::Options{.max_queue_bytes = 1 << 20,
                          .first_retry = absl::Hours(10),  // never by itself
                          .last_retry = absl::Hours(10)},
      std::move(sinks_), renderer_, Clock::Real(),
      [this](Level, absl::string_view line) { log_.Add(std::string(line)); });
  dispatcher_->Start();
  dispatcher_->Put(Diff({Missing()}, 1, 2));
  ASSERT_TRUE(log_.AwaitSize(1));
  dispatcher_->Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 1"));
}

TEST_F(DispatcherTest, StopIsIdempotentAndNeedsNoStart) {
  AddSink();
  Dispatcher& dispatcher = Make();
  dispatcher.Put(Diff({Missing()}, 1, 2));
  dispatcher.Stop(kGenerous);
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("1 alarm not delivered at the end")));
}

TEST_F(DispatcherTest, AlarmAfterStopIsSaidToBeLost) {
  AddSink();
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  dispatcher.Stop(kGenerous);
  dispatcher.Put(Diff({Missing()}, 1, 2));
  EXPECT_THAT(log_.lines(), ElementsAre(AllOf(HasSubstr("too late"), HasSubstr("DIFF orders"))));
  EXPECT_EQ(dispatcher.GetStats().at(0).lost, 1u);
}

TEST_F(DispatcherTest, FullQueueDropsSameFirstAndSaysWhatElseIsLost) {
  FakeSink& sink = AddSink(All());
  sink.Block(true);
  const size_t one = Item(Diff({Missing()})).bytes;
  Dispatcher& dispatcher = Make(/*max_queue_bytes=*/3 * one);
  dispatcher.Start();
  dispatcher.Put(Diff({Missing()}, 1, 2));
  sink.AwaitAttempts(1);  // held by the sink
  dispatcher.Put(Same(2, 3));
  dispatcher.Put(Diff({Missing()}, 3, 4));
  dispatcher.Put(Diff({Missing()}, 4, 5));  // the same of 2 goes
  EXPECT_EQ(dispatcher.GetStats().at(0).dropped_same, 1u);
  EXPECT_EQ(dispatcher.GetStats().at(0).lost, 0u);
  dispatcher.Put(Diff({Missing()}, 5, 6));  // the diff of 3 goes
  EXPECT_EQ(dispatcher.GetStats().at(0).lost, 1u);
  sink.Block(false);
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 1", "diff 4", "diff 5"));
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("alarm sink fake: 1 alarm lost")));
}

TEST_F(DispatcherTest, ManyThreadsMayPut) {
  AddSink();
  Dispatcher& dispatcher = Make(size_t{64} << 20);
  dispatcher.Start();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&dispatcher, t] {
      for (uint64_t i = 0; i < 100; ++i) dispatcher.Put(Diff({Missing()}, t * 1000 + i, i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  dispatcher.Stop(kGenerous);
  EXPECT_EQ(delivered_.lines().size(), 400u);
}

// SinkQueue by itself.

class SinkQueueTest : public ::testing::Test {
 protected:
  static std::shared_ptr<Item> Make(const model::Outcome& outcome) {
    return std::make_shared<Item>(outcome);
  }
  static model::Verdict SameOf(const char* check, uint64_t from) {
    model::Verdict verdict = Same(from, from + 1);
    verdict.head.check = check;
    return verdict;
  }
  static size_t SameBytes() { return Item(Same()).bytes; }
  static std::vector<uint64_t> Drain(SinkQueue& queue) {
    std::vector<uint64_t> segments;
    for (; !queue.empty(); queue.Pop()) {
      segments.push_back(std::get<model::Verdict>(queue.Lend()->outcome).head.from);
    }
    return segments;
  }
};

TEST_F(SinkQueueTest, SupersededSameGoesBeforeAnOlderOneThatIsNot) {
  SinkQueue queue(3 * SameBytes());
  queue.Put(Make(SameOf("a", 1)));
  queue.Put(Make(SameOf("b", 2)));
  queue.Put(Make(SameOf("b", 3)));
  EXPECT_EQ(queue.Put(Make(SameOf("c", 4))).same, 1u);
  EXPECT_THAT(Drain(queue), ElementsAre(1, 3, 4));
}

TEST_F(SinkQueueTest, ExactlyFullDropsNothing) {
  SinkQueue queue(2 * SameBytes());
  queue.Put(Make(SameOf("a", 1)));
  EXPECT_EQ(queue.Put(Make(SameOf("a", 2))).same, 0u);
  EXPECT_EQ(queue.bytes(), 2 * SameBytes());
  EXPECT_EQ(queue.Put(Make(SameOf("a", 3))).same, 1u);
  EXPECT_THAT(Drain(queue), ElementsAre(2, 3));
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST_F(SinkQueueTest, LentItemIsNeverDropped) {
  SinkQueue queue(SameBytes());
  queue.Put(Make(SameOf("a", 1)));
  queue.Lend();
  queue.Put(Make(SameOf("a", 2)));
  queue.Put(Make(SameOf("a", 3)));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_THAT(Drain(queue), ElementsAre(1, 3));
}

TEST_F(SinkQueueTest, SingleAlarmLargerThanTheQueueStays) {
  SinkQueue queue(1);
  const auto dropped = queue.Put(Make(Diff({Missing()}, 1, 2)));
  EXPECT_EQ(dropped.others, 0u);
  EXPECT_EQ(queue.Put(Make(Diff({Missing()}, 2, 3))).others, 1u);
  EXPECT_THAT(Drain(queue), ElementsAre(2));
}

TEST(BackoffTest, DoublesUpToTheLast) {
  Backoff backoff(absl::Seconds(1), absl::Seconds(5));
  EXPECT_EQ(backoff.Next(), absl::Seconds(1));
  EXPECT_EQ(backoff.Next(), absl::Seconds(2));
  EXPECT_EQ(backoff.Next(), absl::Seconds(4));
  EXPECT_EQ(backoff.Next(), absl::Seconds(5));
  EXPECT_EQ(backoff.Next(), absl::Seconds(5));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), absl::Seconds(1));
}

}  // namespace
}  // namespace dcp::alarm
