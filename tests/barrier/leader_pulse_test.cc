#include "barrier/leader_pulse.h"

#include <gmock/gmock.h>

#include <array>
#include <random>

#include "barrier/leader.h"
#include "base/status.h"
#include "tests/barrier/fake_lease_server.h"
#include "tests/support/eventually.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/status_matchers.h"

namespace dcp::barrier {
namespace {

using test::SimulatedClock;
using ::testing::HasSubstr;

constexpr absl::Duration kInterval = absl::Seconds(1);

PulseOptions Pulse(absl::Duration interval = kInterval) {
  PulseOptions options;
  options.interval = interval;
  return options;
}

// One dcp: a pulse and its session.
class Host {
 public:
  Host(std::string name, FakeLeaseServer& server, const SimulatedClock& clock,
       absl::Duration interval = kInterval)
      : server_(server), pulse(Pulse(interval), std::move(name), &clock) {
    Reconnect();
  }

  void Reconnect() {
    session = server_.Connect();
    EXPECT_OK(pulse.Prepare(session.get()));
  }
  LeaderPulse::Step Run(const std::string* handover = nullptr) {
    return pulse.Run(session.get(), handover);
  }

 private:
  FakeLeaseServer& server_;

 public:
  std::unique_ptr<FakeLeaseServer::Session> session;
  LeaderPulse pulse;
};

class LeaderPulseTest : public ::testing::Test {
 protected:
  const FakeLeaseServer::Leader& row() { return *server_.data.leader; }

  // Runs `host` every quarter of an interval for so long; what the last step said that was more
  // than nothing.
  LeaderPulse::Step Watch(Host& host, absl::Duration time) {
    LeaderPulse::Step said;
    for (absl::Duration past; past < time; past += kInterval / 4) {
      clock_.Advance(kInterval / 4);
      const LeaderPulse::Step step = host.Run();
      if (step.took || step.lost) said = step;
    }
    return said;
  }

  SimulatedClock clock_;
  FakeLeaseServer server_;
  Host a_{"a", server_, clock_}, b_{"b", server_, clock_};
};

TEST_F(LeaderPulseTest, TheFirstTakesWhatIsNobodys) {
  const LeaderPulse::Step step = a_.Run();
  EXPECT_TRUE(step.took && step.wrote);
  EXPECT_EQ(step.handover, "");
  EXPECT_EQ(step.previous, 0u);
  EXPECT_EQ(row(), (FakeLeaseServer::Leader{1, 0, 1000, "a"}));
  EXPECT_EQ(server_.data.offset, 1u);
  EXPECT_EQ(step.wake_at, clock_.Monotonic() + kInterval);
  EXPECT_FALSE(b_.Run().took);
}

TEST_F(LeaderPulseTest, AHolderWritesOneBarrierAnInterval) {
  a_.Run();
  EXPECT_FALSE(a_.Run().wrote);
  clock_.Advance(kInterval);
  EXPECT_TRUE(a_.Run().wrote);
  EXPECT_EQ(server_.data.offset, 2u);
  EXPECT_EQ(row().beat, 1u);
}

TEST_F(LeaderPulseTest, AStandbyWaitsAsLongAsThereAreBeats) {
  a_.Run();
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(Watch(b_, kInterval).took);
    a_.Run();
  }
  EXPECT_EQ(row().epoch, 1u);
}

TEST_F(LeaderPulseTest, AStandbyTakesOverWithinThreeIntervals) {
  a_.Run();
  b_.Run();
  EXPECT_FALSE(Watch(b_, LeaseTime(kInterval) - kInterval / 4).took);
  const LeaderPulse::Step step = Watch(b_, kInterval);
  EXPECT_TRUE(step.took);
  EXPECT_EQ(step.previous, 1u);
  EXPECT_EQ(row().epoch, 2u);
  EXPECT_EQ(row().name, "b");
}

TEST_F(LeaderPulseTest, AHolderWithALongerIntervalIsGivenItsTime) {
  Host slow("slow", server_, clock_, 5 * kInterval);
  slow.Run();
  EXPECT_FALSE(Watch(b_, 9 * kInterval).took);
  EXPECT_TRUE(Watch(b_, 3 * kInterval).took);
}

TEST_F(LeaderPulseTest, WhoSleptWritesNothing) {
  a_.Run();
  ASSERT_TRUE(Watch(b_, 4 * kInterval).took);
  const uint64_t offset = server_.data.offset;
  a_.Reconnect();  // its session has ended
  const LeaderPulse::Step step = a_.Run();
  EXPECT_TRUE(step.lost);
  EXPECT_FALSE(step.wrote);
  EXPECT_FALSE(a_.pulse.active());
  EXPECT_EQ(server_.data.offset, offset);
  EXPECT_EQ(row().name, "b");
}

// Wherever it falls asleep within its transaction.
TEST_F(LeaderPulseTest, WhoSleepsInATransactionHoldsUpNobodyForLong) {
  for (const char* where : {"BEGIN", "UPDATE `drc`.`dcp_leader`", "UPDATE `drc`.`barrier`",
                            "SELECT `offset`", "COMMIT"}) {
    SCOPED_TRACE(where);
    FakeLeaseServer server;
    Host a("a", server, clock_), b("b", server, clock_);
    a.Run();
    b.Run();
    clock_.Advance(kInterval);
    bool asleep = false;
    a.session->before = [&](absl::string_view sql) -> absl::Status {
      if (!absl::StartsWith(sql, where)) return absl::OkStatus();
      asleep = true;
      const auto go_on = [&](int quarters) {
        for (int i = 0; i < quarters && !b.pulse.active(); ++i) {
          clock_.Advance(kInterval / 4);
          if (!b.Run().status.ok()) b.Reconnect();
        }
      };
      go_on(8);
      a.session->Die();  // as wait_timeout has it
      go_on(1);
      EXPECT_TRUE(b.pulse.active());
      return absl::UnavailableError("gone");
    };
    EXPECT_FALSE(a.Run().status.ok());
    EXPECT_TRUE(asleep);
    const uint64_t offset = server.data.offset;
    EXPECT_EQ(offset, 2u);  // one each
    a.Reconnect();
    EXPECT_TRUE(a.Run().lost);
    EXPECT_EQ(server.data.offset, offset);
  }
}

TEST_F(LeaderPulseTest, WhatItSaysCountsNoLongerThanItsLease) {
  a_.Run();
  EXPECT_EQ(a_.pulse.valid_until(), clock_.Monotonic() + LeaseTime(kInterval));
  const absl::Duration until = a_.pulse.valid_until();
  b_.Run();
  ASSERT_TRUE(Watch(b_, 4 * kInterval).took);
  // The other one began when that was past.
  EXPECT_GE(b_.pulse.valid_until() - LeaseTime(kInterval), until);
}

TEST_F(LeaderPulseTest, ABrokenSessionIsNoLostLease) {
  a_.Run();
  clock_.Advance(kInterval);
  a_.session->Die();
  const LeaderPulse::Step step = a_.Run();
  EXPECT_FALSE(step.status.ok());
  EXPECT_TRUE(a_.pulse.active());
  EXPECT_LE(step.wake_at, clock_.Monotonic() + kInterval / 2);
  a_.Reconnect();
  EXPECT_TRUE(a_.Run().wrote);
  EXPECT_EQ(row().epoch, 1u);
}

// Nobody could: the holder is given its time again.
TEST_F(LeaderPulseTest, AStandbyThatCouldNotLookLooksAnew) {
  a_.Run();
  b_.Run();
  clock_.Advance(10 * kInterval);
  b_.session->Die();
  EXPECT_FALSE(b_.Run().status.ok());
  b_.Reconnect();
  EXPECT_FALSE(Watch(b_, kInterval).took);
  EXPECT_TRUE(Watch(b_, 2 * kInterval).took);
}

// The commit came through, the answer did not.
TEST_F(LeaderPulseTest, ATakeOverOfUnknownOutcomeIsTakenAgain) {
  b_.session->before = [&](absl::string_view sql) {
    if (sql == "COMMIT") {
      server_.data.leader = FakeLeaseServer::Leader{1, 0, 1000, "b"};
      ++server_.data.offset;
      b_.session->Die();
      return absl::UnavailableError("gone");
    }
    return absl::OkStatus();
  };
  EXPECT_FALSE(b_.Run().status.ok());
  EXPECT_FALSE(b_.pulse.active());
  b_.Reconnect();
  EXPECT_TRUE(Watch(b_, 4 * kInterval).took);
  EXPECT_EQ(row().epoch, 2u);
}

TEST_F(LeaderPulseTest, WhatIsHandedOverComesWithABarrierAndIsFoundByTheNext) {
  std::string handover(300'000, '\0');
  for (size_t i = 0; i < handover.size(); ++i) handover[i] = static_cast<char>(i * 7 / 3);
  a_.Run();
  EXPECT_FALSE(a_.Run(&handover).handed);  // no barrier is due
  clock_.Advance(kInterval);
  EXPECT_TRUE(a_.Run(&handover).handed);
  EXPECT_EQ(server_.data.handover.size(), 3u);
  EXPECT_EQ(Watch(b_, 4 * kInterval).handover, handover);
  // A shorter one leaves nothing of it.
  const std::string next = "next";
  clock_.Advance(kInterval);
  ASSERT_TRUE(b_.Run(&next).handed);
  EXPECT_OK(b_.pulse.GiveBack(b_.session.get(), nullptr));
  EXPECT_EQ(a_.Run().status, absl::OkStatus());
  a_.Reconnect();
  EXPECT_EQ(Watch(a_, kInterval).handover, next);
}

TEST_F(LeaderPulseTest, WhatIsGivenBackIsTakenAtOnce) {
  a_.Run();
  b_.Run();
  const std::string handover = "all";
  const uint64_t offset = server_.data.offset;
  EXPECT_OK(a_.pulse.GiveBack(a_.session.get(), &handover));
  EXPECT_EQ(server_.data.offset, offset);
  const LeaderPulse::Step step = b_.Run();
  EXPECT_TRUE(step.took);
  EXPECT_EQ(step.handover, "all");
  EXPECT_EQ(row().epoch, 2u);
}

TEST_F(LeaderPulseTest, AnEpochThatAnotherRowHasIsLeftBehind) {
  a_.Run();
  a_.pulse.Outdone(9);
  EXPECT_FALSE(a_.pulse.active());
  ASSERT_TRUE(Watch(a_, 4 * kInterval).took);
  EXPECT_EQ(row().epoch, 10u);
}

// A source that failed over without the last transactions, or a table that was dropped.
TEST_F(LeaderPulseTest, TheSameEpochUnderAnotherNameIsAnotherOnes) {
  a_.Run();
  server_.data.leader = FakeLeaseServer::Leader{1, 4, 1000, "A"};
  clock_.Advance(kInterval);
  const LeaderPulse::Step step = a_.Run();
  EXPECT_TRUE(step.lost);
  EXPECT_FALSE(step.wrote);
  EXPECT_EQ(server_.data.offset, 1u);
  EXPECT_EQ(row(), (FakeLeaseServer::Leader{1, 4, 1000, "A"}));
}

TEST_F(LeaderPulseTest, NoLeaseOfAnotherNameIsGivenBack) {
  a_.Run();
  server_.data.leader = FakeLeaseServer::Leader{1, 4, 1000, "b"};
  EXPECT_OK(a_.pulse.GiveBack(a_.session.get(), nullptr));
  EXPECT_EQ(row().name, "b");
}

TEST_F(LeaderPulseTest, AnEpochThatWasSeenIsNotMadeAgain) {
  server_.data.leader = FakeLeaseServer::Leader{7, 0, 1000, "a"};
  EXPECT_FALSE(b_.Run().took);
  server_.data.leader.reset();  // dropped
  ASSERT_TRUE(b_.Run().took);
  EXPECT_EQ(row().epoch, 8u);
}

TEST_F(LeaderPulseTest, ARowThatNoDcpWroteIsSaid) {
  server_.data.leader = FakeLeaseServer::Leader{~uint64_t{0}, 0, 1000, "x"};
  EXPECT_THAT(std::string(a_.Run().status.message()), HasSubstr("DROP TABLE drc.dcp_leader"));
  EXPECT_FALSE(a_.pulse.active());
}

// Two hosts that sleep, lose sessions and come back at random: barriers are written by one at a
// time, one after the other, and what a host takes for valid no other one does.
TEST_F(LeaderPulseTest, AtNoTimeAreThereTwo) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    FakeLeaseServer server;
    Host a("a", server, clock_), b("b", server, clock_);
    std::array<Host*, 2> hosts = {&a, &b};
    std::array<int, 2> asleep = {0, 0};
    uint64_t epoch = 0, takes = 0;
    for (int step = 0; step < 400; ++step) {
      clock_.Advance(kInterval / 4);
      for (size_t i = 0; i < hosts.size(); ++i) {
        if (asleep[i] > 0 && --asleep[i] > 0) continue;
        if (random() % 40 == 0) {  // a sleep, and what the server does meanwhile
          asleep[i] = static_cast<int>(random() % 30);
          if (asleep[i] > 8) hosts[i]->session->Die();
          continue;
        }
        const uint64_t before = server.data.offset;
        const LeaderPulse::Step did = hosts[i]->Run();
        if (!did.status.ok()) hosts[i]->Reconnect();
        ASSERT_EQ(server.data.offset, before + (did.wrote ? 1 : 0));
        if (did.wrote) {
          ASSERT_GE(hosts[i]->pulse.epoch(), epoch);
          epoch = hosts[i]->pulse.epoch();
          ASSERT_EQ(server.data.leader->epoch, epoch);
        }
        takes += did.took ? 1 : 0;
      }
      const auto valid = [&](const Host& host) {
        return clock_.Monotonic() < host.pulse.valid_until();
      };
      ASSERT_FALSE(valid(a) && valid(b));
    }
    EXPECT_GT(takes, 0u);
  }
}

// Another row than the leader's, under the leader's epoch.
class OtherRowTest : public ::testing::Test {
 protected:
  PulseOptions Under(uint64_t epoch, const std::string& name) {
    PulseOptions options = Pulse();
    options.lease = {epoch, name, [this](uint64_t other) { outdone_ = other; }};
    return options;
  }

  FakeLeaseServer server_;
  std::unique_ptr<FakeLeaseServer::Session> session_ = server_.Connect();
  uint64_t outdone_ = 0;
};

TEST_F(OtherRowTest, AGreaterEpochEndsTheWritesOfASmallerOne) {
  BarrierPulse first(Under(1, "a")), second(Under(2, "b"));
  ASSERT_OK(first.Prepare(session_.get()));
  EXPECT_TRUE(first.Run(session_.get(), absl::Seconds(10)).wrote);
  ASSERT_OK(second.Prepare(session_.get()));
  EXPECT_TRUE(second.Run(session_.get(), absl::Seconds(10)).wrote);
  const BarrierPulse::Step late = first.Run(session_.get(), absl::Seconds(20));
  EXPECT_FALSE(late.wrote);
  EXPECT_TRUE(absl::IsAborted(late.status));
  EXPECT_EQ(outdone_, 2u);
  EXPECT_EQ(server_.data.offset, 2u);
}

TEST_F(OtherRowTest, ASmallerEpochDoesNotBegin) {
  server_.data.leader = FakeLeaseServer::Leader{9, 0, 1000, "b"};
  const BarrierPulse late(Under(3, "a"));
  EXPECT_TRUE(absl::IsAborted(late.Prepare(session_.get())));
  EXPECT_EQ(outdone_, 9u);
  EXPECT_EQ(server_.data.leader->epoch, 9u);
}

TEST_F(OtherRowTest, ANewSessionOfTheSameEpochGoesOn) {
  BarrierPulse pulse(Under(3, "a"));
  ASSERT_OK(pulse.Prepare(session_.get()));
  ASSERT_OK(pulse.Prepare(session_.get()));
  EXPECT_TRUE(pulse.Run(session_.get(), absl::Seconds(10)).wrote);
  EXPECT_EQ(outdone_, 0u);
}

TEST(LeaderTest, WritesHandsOverAndGivesBack) {
  FakeLeaseServer server;
  Leader leader(
      Pulse(absl::Milliseconds(2)), "a", [&] { return server.Connect(); }, &Clock::Real(),
      [](absl::string_view) {}, [](absl::string_view) {});
  EXPECT_FALSE(leader.term().has_value());
  leader.Start();
  ASSERT_TRUE(test::Eventually([&] { return leader.term().has_value(); }));
  EXPECT_TRUE(leader.Holds(1));
  EXPECT_FALSE(leader.Holds(2));
  leader.Offer(1, "more");
  EXPECT_TRUE(test::Eventually([&] { return leader.stored() == 1; }));
  EXPECT_TRUE(leader.status().connected);
  EXPECT_GE(leader.status().written, 2u);
  // What another row's epoch ends begins anew behind it.
  leader.Outdone(7);
  EXPECT_FALSE(leader.Holds(1));
  EXPECT_FALSE(leader.Valid(1));
  ASSERT_TRUE(test::Eventually([&] { return leader.Holds(8); }));
  EXPECT_EQ(leader.term()->handover, "more");
  leader.Outdone(7);  // came late, of the term before
  EXPECT_TRUE(leader.Holds(8));
  leader.Stop();
  EXPECT_EQ(server.data.leader->name, "");
  EXPECT_EQ(leader.status().last_offset, server.data.offset);
  EXPECT_FALSE(leader.term().has_value());
}

}  // namespace
}  // namespace dcp::barrier
