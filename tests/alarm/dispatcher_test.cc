#include "alarm/dispatcher.h"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/alarm/fakes.h"
#include "tests/support/memory_outbox.h"
#include "tests/support/status_matchers.h"

namespace dcp::alarm {
namespace {

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
  FakeSink(std::string name, Journal& journal) : name_(std::move(name)), journal_(journal) {}

  std::string name() const override { return name_; }
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
  Journal& journal_;
  Mutex mu_;
  CondVar changed_;
  int attempts_ ABSL_GUARDED_BY(mu_) = 0;
  int failures_left_ ABSL_GUARDED_BY(mu_) = 0;
  bool blocked_ ABSL_GUARDED_BY(mu_) = false;
  bool interrupted_ ABSL_GUARDED_BY(mu_) = false;
};

void Put(Dispatcher& dispatcher, model::Outcome outcome) {
  model::Report report = ReportOf(std::move(outcome));
  EXPECT_OK(dispatcher.Put(report));
}

model::AlarmTypes All() {
  model::AlarmTypes types;
  for (model::AlarmType type : model::kAllAlarmTypes) types.Add(type);
  return types;
}

class DispatcherTest : public ::testing::Test {
 protected:
  FakeSink& AddSink(const std::string& name, model::AlarmTypes types, Journal& journal) {
    auto sink = std::make_unique<FakeSink>(name, journal);
    FakeSink& added = *sink;
    routes_.push_back({std::move(sink), {.types = types}});
    return added;
  }
  FakeSink& AddSink(model::AlarmTypes types = model::AlarmTypes::Default()) {
    return AddSink("fake", types, delivered_);
  }
  // After the sinks.
  Dispatcher& Make(size_t max_queue_bytes = 1 << 20) {
    return Make({.first = absl::Milliseconds(1), .cap = absl::Milliseconds(4)}, max_queue_bytes);
  }
  Dispatcher& Make(Backoff::Options backoff, size_t max_queue_bytes = 1 << 20) {
    outbox_ = std::make_unique<test::MemoryOutbox>(max_queue_bytes);
    dispatcher_ = std::make_unique<Dispatcher>(
        Dispatcher::Options{.backoff = backoff, .may_tell = may_tell_}, std::move(routes_),
        *outbox_, renderer_, Clock::Real(),
        [this](Level, absl::string_view line) { log_.Add(std::string(line)); });
    return *dispatcher_;
  }

  std::function<bool()> may_tell_;
  const FakeRenderer renderer_{};
  Journal delivered_, log_;
  std::vector<Dispatcher::Route> routes_;
  std::unique_ptr<test::MemoryOutbox> outbox_;
  std::unique_ptr<Dispatcher> dispatcher_;  // ends before what it uses
};

TEST_F(DispatcherTest, DeliversInOrder) {
  AddSink();
  Dispatcher& dispatcher = Make();
  Put(dispatcher, Diff({Missing()}, 1, 2));  // before Start: waits
  dispatcher.Start();
  for (uint64_t i = 2; i <= 50; ++i) Put(dispatcher, Diff({Missing()}, i, i + 1));
  dispatcher.Stop(kGenerous);
  std::vector<std::string> expected;
  for (int i = 1; i <= 50; ++i) expected.push_back(absl::StrCat("diff ", i));
  EXPECT_EQ(delivered_.lines(), expected);
  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(DispatcherTest, NothingIsToldWhileItMayNot) {
  bool may = false;
  may_tell_ = [&] { return may; };
  AddSink();
  Dispatcher& dispatcher = Make();
  Put(dispatcher, Diff({Missing()}, 1, 2));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(dispatcher.Step(), absl::Milliseconds(100));
  EXPECT_THAT(delivered_.lines(), IsEmpty());
  may = true;
  dispatcher.Step();
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 1"));
}

TEST_F(DispatcherTest, WhatMayNotBeToldDoesNotHoldUpTheEnd) {
  may_tell_ = [] { return false; };
  AddSink();
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  Put(dispatcher, Diff({Missing()}, 1, 2));
  dispatcher.Stop(absl::Milliseconds(20));
  EXPECT_THAT(delivered_.lines(), IsEmpty());
  EXPECT_EQ(dispatcher.GetStats().at(0).queued, 1u);
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
  Put(dispatcher, Same(1, 2));
  Put(dispatcher, Diff({Missing()}, 2, 3));
  Put(dispatcher, Late());
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 2", "timeout 20"));
  EXPECT_THAT(all.lines(), ElementsAre("same 1", "diff 2", "timeout 20"));
  EXPECT_THAT(timeouts.lines(), ElementsAre("timeout 20"));
}

// Runs `then` once, after an answer that nothing waits was made and before it arrives.
class LateOutbox final : public model::Outbox {
 public:
  absl::Status Append(const model::Report& report, const std::vector<Addressed>& alarms) override {
    return outbox_.Append(report, alarms);
  }
  std::vector<Head> Heads(const std::string& sink) const override {
    std::vector<Head> heads = outbox_.Heads(sink);
    if (++asked_ == 2) then();
    return heads;
  }
  std::vector<Entry> Next(const std::string& sink, const std::string& check, size_t max) override {
    return outbox_.Next(sink, check, max);
  }
  void Acknowledge(const std::string& sink, uint64_t sequence) override {
    outbox_.Acknowledge(sink, sequence);
  }
  void PutAside(const std::string& sink, uint64_t sequence) override {
    outbox_.PutAside(sink, sequence);
  }
  Counts CountsOf(const std::string& sink) const override { return outbox_.CountsOf(sink); }

  std::function<void()> then;

 private:
  test::MemoryOutbox outbox_;
  mutable int asked_ = 0;  // of the worker's thread: first by its step, then by its wait
};

TEST_F(DispatcherTest, WhatComesWhileTheThreadLooksWhetherToEndIsDelivered) {
  LateOutbox outbox;
  SinkWorker worker({}, "fake", std::make_unique<FakeSink>("fake", delivered_), {}, outbox,
                    Clock::Real(), [](Level, absl::string_view) {});
  outbox.then = [&] {
    auto alarm =
        std::make_shared<Alarm>(MakeAlarms(Diff({Missing()}, 1, 2), Rendering(renderer_)).front());
    EXPECT_OK(outbox.Append(ReportOf(Diff({Missing()}, 1, 2)), {{std::move(alarm), {"fake"}}}));
    worker.Notify();
    worker.Drain(Clock::Real().Monotonic() + kGenerous);
  };
  worker.Start();
  EXPECT_TRUE(delivered_.AwaitSize(1));
  worker.AwaitDrained();
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 1"));
}

TEST_F(DispatcherTest, FailingSinkIsTriedAgainAndReportedTwice) {
  FakeSink& sink = AddSink();
  sink.Fail(5);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  Put(dispatcher, Diff({Missing()}, 1, 2));
  Put(dispatcher, Diff({Missing()}, 2, 3));
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
  for (uint64_t i = 0; i < 3; ++i) Put(dispatcher, Diff({Missing()}, i, i + 1));
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
  routes_.push_back({std::make_unique<FailsFirstUnverified>(delivered_), {}});
  Dispatcher& dispatcher = Make();
  model::Verdict verdict = Diff({Missing()});
  verdict.unverified_reason = "image";
  Put(dispatcher, verdict);
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
  Put(dispatcher, Diff({Missing()}, 1, 2));
  sink.AwaitAttempts(1);
  for (uint64_t i = 2; i <= 100; ++i) Put(dispatcher, Diff({Missing()}, i, i + 1));
  EXPECT_EQ(dispatcher.GetStats().at(0).queued, 100u);
  sink.Block(false);
  EXPECT_TRUE(delivered_.AwaitSize(100));
}

TEST_F(DispatcherTest, StopWhileBlockedInterruptsTheSink) {
  FakeSink& sink = AddSink();
  sink.Block(true);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  Put(dispatcher, Diff({Missing()}, 1, 2));
  Put(dispatcher, Diff({Missing()}, 2, 3));
  sink.AwaitAttempts(1);
  dispatcher.Stop(absl::Milliseconds(10));
  EXPECT_THAT(delivered_.lines(), IsEmpty());
  EXPECT_THAT(log_.lines(), ::testing::Contains(HasSubstr("2 alarms not delivered at the end")));
  EXPECT_EQ(dispatcher.GetStats().at(0).queued, 2u);
}

TEST_F(DispatcherTest, StopTriesAFailingSinkOnceMoreAtOnce) {
  FakeSink& sink = AddSink();
  sink.Fail(1);
  Make({.first = absl::Hours(10), .cap = absl::Hours(10)});  // never by itself
  dispatcher_->Start();
  Put(*dispatcher_, Diff({Missing()}, 1, 2));
  ASSERT_TRUE(log_.AwaitSize(1));
  dispatcher_->Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 1"));
}

TEST_F(DispatcherTest, StopIsIdempotentAndNeedsNoStart) {
  AddSink();
  Dispatcher& dispatcher = Make();
  Put(dispatcher, Diff({Missing()}, 1, 2));
  dispatcher.Stop(kGenerous);
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("1 alarm not delivered at the end")));
}

TEST_F(DispatcherTest, WhatComesAfterStopIsNotTaken) {
  AddSink();
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  dispatcher.Stop(kGenerous);
  model::Report report = ReportOf(Diff({Missing()}, 1, 2));
  EXPECT_THAT(dispatcher.Put(report),
              test::StatusIs(absl::StatusCode::kCancelled, HasSubstr("too late")));
}

TEST_F(DispatcherTest, FullQueueDropsSameFirstAndSaysWhatElseIsLost) {
  FakeSink& sink = AddSink(All());
  sink.Block(true);
  const size_t one = model::BytesOf(MakeAlarms(Diff({Missing()}, 1, 2), renderer_).at(0));
  Dispatcher& dispatcher = Make(/*max_queue_bytes=*/3 * one + one / 2);
  dispatcher.Start();
  Put(dispatcher, Diff({Missing()}, 1, 2));
  sink.AwaitAttempts(1);  // held by the sink
  Put(dispatcher, Same(2, 3));
  Put(dispatcher, Diff({Missing()}, 3, 4));
  Put(dispatcher, Diff({Missing()}, 4, 5));  // the same of 2 goes
  EXPECT_EQ(dispatcher.GetStats().at(0).superseded, 1u);
  EXPECT_EQ(dispatcher.GetStats().at(0).lost, 0u);
  Put(dispatcher, Diff({Missing()}, 5, 6));  // the diff of 3 goes
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
      for (uint64_t i = 0; i < 100; ++i) Put(dispatcher, Diff({Missing()}, t * 1000 + i, i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  dispatcher.Stop(kGenerous);
  EXPECT_EQ(delivered_.lines().size(), 400u);
}

// A sink that behaves as it is told for each segment.
class PickySink final : public Sink {
 public:
  explicit PickySink(Journal& journal) : journal_(journal) {}
  std::string name() const override { return "picky"; }
  absl::Status Deliver(const Alarm& alarm) override {
    const uint64_t from = nlohmann::json::parse(alarm.json).at("from");
    const auto answer = answers_.find(from);
    const auto all = answers_.find(kAll);
    if (answer != answers_.end()) return answer->second;
    if (all != answers_.end()) return all->second;
    journal_.Add(absl::StrCat(alarm.check, " ", from));
    return absl::OkStatus();
  }
  static constexpr uint64_t kAll = 0;
  std::map<uint64_t, absl::Status> answers_ = {};  // by segment

 private:
  Journal& journal_;
};

class PoisonTest : public DispatcherTest {
 protected:
  PickySink& AddPicky() {
    auto sink = std::make_unique<PickySink>(delivered_);
    PickySink& added = *sink;
    routes_.push_back({std::move(sink), {}});
    return added;
  }
  static model::Verdict Of(const char* check, uint64_t from) {
    model::Verdict verdict = Diff({Missing()}, from, from + 1);
    verdict.head.check = check;
    return verdict;
  }
};

TEST_F(PoisonTest, ARefusedAlarmIsPutAsideAfterSoManyTries) {
  AddPicky().answers_[2] = absl::InvalidArgumentError("400");
  Dispatcher& dispatcher = Make();
  for (uint64_t i = 1; i <= 3; ++i) Put(dispatcher, Of("a", i));
  dispatcher.Start();
  ASSERT_TRUE(delivered_.AwaitSize(2));
  EXPECT_THAT(delivered_.lines(), ElementsAre("a 1", "a 3"));
  EXPECT_EQ(dispatcher.GetStats().at(0).put_aside, 1u);
  EXPECT_EQ(dispatcher.GetStats().at(0).failures, 8u);
  EXPECT_THAT(log_.lines(), ::testing::Contains(HasSubstr("put aside after 8 attempts (400)")));
}

TEST_F(PoisonTest, AnAlarmThatFailsWhereTheNextIsTakenIsPutAside) {
  AddPicky().answers_[2] = absl::AbortedError("500");
  Dispatcher& dispatcher = Make();
  for (uint64_t i = 1; i <= 3; ++i) Put(dispatcher, Of("a", i));
  dispatcher.Start();
  ASSERT_TRUE(delivered_.AwaitSize(2));
  ASSERT_TRUE(log_.AwaitSize(2));
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("a 1", "a 3"));
  EXPECT_EQ(dispatcher.GetStats().at(0).put_aside, 1u);
}

TEST_F(PoisonTest, ASinkThatFailsForAllLosesNothing) {
  for (const absl::Status& answer :
       {absl::AbortedError("500"), absl::FailedPreconditionError("401"),
        absl::UnavailableError("down"), absl::DeadlineExceededError("slow")}) {
    AddPicky().answers_[PickySink::kAll] = answer;
    Dispatcher& dispatcher = Make();
    for (uint64_t i = 1; i <= 3; ++i) Put(dispatcher, Of("a", i));
    dispatcher.Start();
    const absl::Duration end = Clock::Real().Monotonic() + kGenerous;
    while (dispatcher.GetStats().at(0).failures < 60 && Clock::Real().Monotonic() < end) {
      std::this_thread::yield();
    }
    EXPECT_GE(dispatcher.GetStats().at(0).failures, 60u);
    EXPECT_EQ(dispatcher.GetStats().at(0).put_aside, 0u);
    EXPECT_EQ(dispatcher.GetStats().at(0).queued, 3u);
    dispatcher.Stop(absl::ZeroDuration());
    dispatcher_.reset();
  }
}

TEST_F(PoisonTest, OtherChecksDoNotWaitForAPoisonAlarm) {
  AddPicky().answers_[1] = absl::AbortedError("500");
  Dispatcher& dispatcher = Make({.first = absl::Hours(10), .cap = absl::Hours(10)});
  Put(dispatcher, Of("a", 1));
  Put(dispatcher, Of("b", 2));
  dispatcher.Start();
  EXPECT_TRUE(delivered_.AwaitSize(1));
  EXPECT_THAT(delivered_.lines(), ElementsAre("b 2"));
}

TEST_F(DispatcherTest, RoutesByCheckAndTable) {
  Journal orders, all;
  routes_.push_back({std::make_unique<FakeSink>("orders", orders), {.checks = {"ord*"}}});
  routes_.push_back({std::make_unique<FakeSink>("all", all), {}});
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  model::Verdict other = Diff({Missing()}, 1, 2);
  other.head.check = "users";
  Put(dispatcher, other);
  Put(dispatcher, Diff({Missing()}, 2, 3));
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(orders.lines(), ElementsAre("diff 2"));
  EXPECT_THAT(all.lines(), ElementsAre("diff 1", "diff 2"));
}

TEST_F(DispatcherTest, SinksOfOneNameAreApart) {
  Journal second;
  AddSink();
  AddSink("fake", model::AlarmTypes::Default(), second);
  Dispatcher& dispatcher = Make();
  dispatcher.Start();
  Put(dispatcher, Diff({Missing()}, 1, 2));
  dispatcher.Stop(kGenerous);
  EXPECT_THAT(delivered_.lines(), ElementsAre("diff 1"));
  EXPECT_THAT(second.lines(), ElementsAre("diff 1"));
  EXPECT_EQ(dispatcher.GetStats().at(1).sink, "fake #2");
}

}  // namespace
}  // namespace dcp::alarm
