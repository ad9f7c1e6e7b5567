// `dcp wait` against a daemon that a script plays, and what it says.
#include "cmd/dcp/wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "cmd/dcp/ask.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using model::Proof;
using model::ProofMark;
using model::Standing;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// Whoever waits finds that the time has passed.
class JumpingClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch() + monotonic_; }
  absl::Duration Monotonic() const override { return monotonic_; }
  void WaitFor(CondVar& /*changed*/, Mutex& /*mu*/, absl::Duration limit) const override {
    monotonic_ += limit;
  }

 private:
  mutable absl::Duration monotonic_;
};

// Says what is next in the script; the last one again and again.
template <typename T>
class Script {
 public:
  void Add(absl::StatusOr<T> one) { all_.push_back(std::move(one)); }
  absl::StatusOr<T> Next() {
    absl::StatusOr<T> one = all_.front();
    if (all_.size() > 1) all_.pop_front();
    return one;
  }

 private:
  std::deque<absl::StatusOr<T>> all_;
};

class FakeDaemon final : public model::ProofSource {
 public:
  Script<std::vector<ProofMark>> marks;
  std::map<std::string, Script<Proof>> proofs;  // by target
  std::vector<model::MarkRequest> asked;

  absl::StatusOr<std::vector<ProofMark>> TakeMarks(const model::MarkRequest& request) override {
    asked.push_back(request);
    return marks.Next();
  }
  absl::StatusOr<Proof> Prove(const ProofMark& mark) override { return proofs[mark.target].Next(); }
};

ProofMark MarkOf(const std::string& target) {
  return {.check = "orders", .target = target, .epoch = 1, .from = 10, .goal = 13};
}
Proof ProofAt(uint64_t said_to) {
  Proof proof;
  proof.said_to = said_to;
  proof.covered_from = 10;
  proof.covered_to = said_to;
  proof.verified_since = 4;
  return proof;
}
Proof WithFindings(Proof proof, uint64_t count) {
  proof.open_findings = count;
  return proof;
}

class WaitTest : public ::testing::Test {
 protected:
  WaitTest() {
    options_.timeout = absl::Seconds(30);
    daemon_.marks.Add(std::vector<ProofMark>{MarkOf("dst")});
  }

  WaitResult Run() {
    options_.checks = {"orders"};
    return Wait(options_, daemon_, clock_);
  }
  static std::string TextOf(const WaitResult& result) {
    std::string text;
    for (const TargetResult& one : result.targets) {
      absl::StrAppend(&text, WaitText(one, Colours(false)), "\n");
    }
    return text;
  }

  FakeDaemon daemon_;
  JumpingClock clock_;
  WaitOptions options_;
};

TEST_F(WaitTest, ReturnsWhenTheGoalIsReached) {
  for (uint64_t to : {10u, 11u, 12u, 13u}) daemon_.proofs["dst"].Add(ProofAt(to));
  const WaitResult result = Run();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(TextOf(result), "check orders target dst: equal: all changes from barrier 4 to 13\n");
}

TEST_F(WaitTest, APausedTargetIsNotInTime) {
  daemon_.proofs["dst"].Add(ProofAt(12));
  const absl::Duration begin = clock_.Monotonic();
  const WaitResult result = Run();
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(clock_.Monotonic() - begin, absl::Seconds(30));
  EXPECT_THAT(TextOf(result), HasSubstr("late: verdicts go up to barrier 12, 13 is needed"));
}

TEST_F(WaitTest, OpenFindingsAreDifferentWhenTheGoalIsReachedAndNotBefore) {
  daemon_.proofs["dst"].Add(WithFindings(ProofAt(12), 2));
  daemon_.proofs["dst"].Add(WithFindings(ProofAt(13), 1));
  const WaitResult result = Run();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(TextOf(result), HasSubstr("different: 1 open finding at barrier 13"));
}

TEST_F(WaitTest, AFindingThatEndsBeforeTheGoalIsNone) {
  daemon_.proofs["dst"].Add(WithFindings(ProofAt(12), 2));
  daemon_.proofs["dst"].Add(ProofAt(13));
  EXPECT_EQ(Run().exit_code, 0);
}

TEST_F(WaitTest, AnUnverifiedSegmentInBetweenEndsItAtOnce) {
  Proof proof = ProofAt(12);
  proof.unverified = 1;
  proof.unverified_from = 11;
  proof.unverified_to = 12;
  proof.unverified_reason = "gap";
  daemon_.proofs["dst"].Add(proof);
  const WaitResult result = Run();
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(TextOf(result), HasSubstr("unproven: what was changed between barriers 11 and 12"));
}

TEST_F(WaitTest, AnotherEpochEndsIt) {
  Proof proof = ProofAt(50);
  proof.epoch = 2;
  daemon_.proofs["dst"].Add(proof);
  const WaitResult result = Run();
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(TextOf(result), HasSubstr("epoch 1 to 2"));
}

TEST_F(WaitTest, EveryTargetCounts) {
  daemon_.marks = {};
  daemon_.marks.Add(std::vector<ProofMark>{MarkOf("a"), MarkOf("b")});
  daemon_.proofs["a"].Add(ProofAt(13));
  daemon_.proofs["b"].Add(ProofAt(12));
  daemon_.proofs["b"].Add(WithFindings(ProofAt(13), 1));
  const WaitResult result = Run();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.targets[0].standing, Standing::kEqual);
  EXPECT_EQ(result.targets[1].standing, Standing::kDifferent);
}

TEST_F(WaitTest, WhatPassesIsWaitedFor) {
  daemon_.marks = {};
  daemon_.marks.Add(absl::FailedPreconditionError("the source has not committed all of G yet"));
  daemon_.marks.Add(absl::UnavailableError("lost"));
  daemon_.marks.Add(std::vector<ProofMark>{MarkOf("dst")});
  daemon_.proofs["dst"].Add(absl::UnavailableError("lost"));
  daemon_.proofs["dst"].Add(ProofAt(13));
  options_.gtid = "G";
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_THAT(daemon_.asked, SizeIs(3));
  EXPECT_EQ(daemon_.asked[0].gtid, "G");
}

TEST_F(WaitTest, WhatNeverComesIsSaidInTime) {
  daemon_.marks = {};
  daemon_.marks.Add(absl::FailedPreconditionError("the source has not committed all of G yet"));
  const WaitResult result = Run();
  EXPECT_OK(result.error);
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(TextOf(result), HasSubstr("late: the source has not committed"));
}

TEST_F(WaitTest, WhatCannotBeIsAnError) {
  daemon_.marks = {};
  daemon_.marks.Add(absl::NotFoundError("there is no such check"));
  EXPECT_TRUE(absl::IsNotFound(Run().error));
  daemon_.marks.Add(std::vector<ProofMark>{MarkOf("dst")});
  daemon_.proofs["dst"].Add(absl::UnauthenticatedError("token"));
  Run();
  EXPECT_TRUE(absl::IsUnauthenticated(Run().error));
}

TEST_F(WaitTest, JsonSaysAllOfIt) {
  daemon_.proofs["dst"].Add(ProofAt(13));
  const WaitResult result = Run();
  const auto json = nlohmann::json::parse(WaitJson(result.targets[0]));
  EXPECT_EQ(json["check"], "orders");
  EXPECT_EQ(json["target"], "dst");
  EXPECT_EQ(json["standing"], "equal");
  EXPECT_EQ(json["from"], 10);
  EXPECT_EQ(json["goal"], 13);
  EXPECT_EQ(json["verified_barrier"], 13);
  EXPECT_EQ(json["verified_since"], 4);
}

// Whatever a daemon says in whatever order, 0 is only for a goal that was reached in its epoch,
// with a verdict on all before it, none of them unverified, and nothing open.
TEST(WaitProperty, EqualIsNeverSaidOfLess) {
  std::mt19937 random(20240501);
  const auto pick = [&](uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(0, most)(random);
  };
  int equal = 0;
  for (int round = 0; round < 5000; ++round) {
    FakeDaemon daemon;
    daemon.marks.Add(std::vector<ProofMark>{MarkOf("dst")});
    std::vector<Proof> said;
    for (uint64_t i = 0; i <= pick(4); ++i) {
      Proof proof = ProofAt(9 + pick(6));
      proof.epoch = 1 + pick(9) / 9;
      proof.covered_from = pick(3) == 0 ? pick(15) : 10;
      proof.covered_to = pick(3) == 0 ? pick(15) : proof.said_to;
      proof.unverified = pick(9) / 9;
      proof.open_findings = pick(2) / 2;
      said.push_back(proof);
      daemon.proofs["dst"].Add(proof);
    }
    JumpingClock clock;
    WaitOptions options;
    options.checks = {"orders"};
    options.timeout = absl::Seconds(2);
    const WaitResult result = Wait(options, daemon, clock);
    if (result.exit_code != 0) continue;
    ++equal;
    const Proof& proof = result.targets[0].proof;
    EXPECT_GE(proof.said_to, 13u) << round;
    EXPECT_EQ(proof.epoch, 1u) << round;
    EXPECT_EQ(proof.open_findings + proof.unverified, 0u) << round;
    EXPECT_LE(proof.covered_from, 10u) << round;
    EXPECT_GE(proof.covered_to, 13u) << round;
  }
  EXPECT_GT(equal, 100);
}

constexpr char kStatus[] = R"({"version":"1.0","started":"2024-05-01T12:00:00.000Z","checks":[
  {"check":"orders","source":"src","target":"dst","running":true,"verified_barrier":512,
   "last_verdict_age_seconds":1.25,"source_barrier":514,"target_barrier":513,"pending_segments":2,
   "open_findings":3,"unverified":0,"same":7,"diff":1,"align":"gtid"}],
  "collectors":[{"collector":"source","type":"mysql","connected":false,"ended":false,"file":"b.1",
   "position":4,"last_commit_age_seconds":null,"rows":9,"last_error":"gone\u001b[31m"},
   {"collector":"in","type":"grpc","messages":5,"refused":1,"open_streams":2}],
  "barriers":[{"id":1,"server":"h:1","connected":true,"offset":514}],
  "sinks":[{"sink":"log","delivered":4,"waiting":0,"lost":0,"failing":true}],
  "state":{"dir":"dcp-state","writable":true,"error":""}})";

TEST(StatusText, SaysEveryPart) {
  const std::string text = StatusText(kStatus, Colours(false));
  for (const char* part :
       {"check orders  src -> dst  running  verified up to 512 (1.2 s ago)",
        "source at 514, target at 513  2 segments pending  3 open findings  same 7, diff 1",
        "collector source  not connected  at b.1:4  last commit never  9 rows",
        "error: gone\\x1b[31m", "collector in  pushed  2 streams open  5 messages, 1 refused",
        "barrier 1 on h:1  connected  at 514", "sink log  failing  4 delivered",
        "state dcp-state  writable"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(StatusText(kStatus, Colours(true)), HasSubstr("\033[31m3 open findings\033[0m"));
}

TEST(StatusText, WhatIsNoStatusMakesNoHarm) {
  EXPECT_EQ(StatusText("not JSON", Colours(false)), "");
  EXPECT_EQ(StatusText("[]", Colours(false)), "");
  EXPECT_THAT(
      StatusText(R"({"checks":[1,{"check":[],"open_findings":-1}],"state":7})", Colours(false)),
      HasSubstr("check []"));
}

}  // namespace
}  // namespace dcp::cmd
