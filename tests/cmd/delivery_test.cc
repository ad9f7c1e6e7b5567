// Every alarm reaches a webhook that treats it badly, from a daemon that is killed again and again:
// at least once, once by its key, and in the order of its check.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/alarm/receiver.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/resending_client.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::test {
namespace {

using Call = ResendingClient::Call;

// `a` and `b` are fed by clients of which nothing is lost. What a kill takes of `c` is said.
constexpr const char* kExactChecks[] = {"a", "b"};
constexpr const char* kAllChecks[] = {"a", "b", "c"};

// The barrier and three rows.
constexpr uint64_t kPerSegment = 4;
// One segment makes a difference and the next one ends it: `diff`, `diff` (known), `resolved`.
constexpr uint64_t kAlarmsPerRound = 3, kSegmentsPerRound = 2;
// The short form's; DCP_TEST_ALARMS and DCP_TEST_KILLS tell other numbers.
constexpr uint64_t kAlarms = 180, kKills = 4;
// Of a request. Shorter than the receiver stalls.
constexpr char kTimeouts[] = "connect_timeout = \"1s\"\ntimeout = \"400ms\"\n";

// ---- what is pushed ----

std::string KeyOf(uint64_t segment) { return absl::StrCat("k", segment); }

bool IsWrong(uint64_t segment) { return segment % kSegmentsPerRound == 1; }
// ... as a row that is not there; else one with another content.
bool IsMissing(uint64_t segment) { return segment % 4 == 3; }

void SetPayload(std::string key, std::string content, Message* message) {
  message->mutable_payload()->set_id(std::move(key));
  message->mutable_payload()->set_content(std::move(content));
}

Message PushedMessage(const std::string& tag, bool is_target, uint64_t number) {
  const uint64_t segment = (number - 1) / kPerSegment + 1, place = (number - 1) % kPerSegment;
  Message message;
  message.set_id(absl::StrCat(tag, ":", number));
  message.set_timestamp(1'700'000'000);
  const std::string equal = absl::StrCat("UPDATE [", segment, "]");
  if (place == 0) {
    message.set_barrier(segment);
  } else if (place == 1) {
    const bool wrong = is_target && IsWrong(segment);
    SetPayload(KeyOf(segment), absl::StrCat("INSERT [", wrong ? 0 : segment, "]"), &message);
    if (wrong && IsMissing(segment)) SetPayload("equal", equal, &message);
  } else if (place == 2 && segment > 1) {
    SetPayload(KeyOf(segment - 1), absl::StrCat("UPDATE [", segment, ",\"again\"]"), &message);
  } else {
    SetPayload("equal", equal, &message);
  }
  return message;
}

// What is to be said of one of kExactChecks, in order.
std::vector<std::string> Expected(uint64_t rounds) {
  std::vector<std::string> words;
  for (uint64_t s = 1; s < rounds * kSegmentsPerRound; s += kSegmentsPerRound) {
    const char* kind = IsMissing(s) ? "missing" : "mismatch";
    words.push_back(absl::StrCat("diff ", s, "..", s + 1, " ", kind, " [\"", KeyOf(s), "\"]"));
    words.push_back(absl::StrCat("diff ", s + 1, "..", s + 2, " known 1"));
    words.push_back(absl::StrCat("resolved ", s + 1, "..", s + 2, " ", KeyOf(s)));
  }
  return words;
}

// ---- what came ----

// Of the alarms of `check`, each where it came first. One that came again has to be the same.
std::vector<Alarm> FirstOf(const std::vector<Alarm>& alarms, const std::string& check) {
  std::vector<Alarm> first;
  std::map<std::string, Alarm> by_id;
  for (const Alarm& alarm : alarms) {
    if (alarm["check"] != check || alarm["type"] == "same") continue;
    const auto [it, is_new] = by_id.emplace(alarm["id"], alarm);
    EXPECT_TRUE(is_new || it->second == alarm) << it->second << "\n" << alarm;
    if (is_new) first.push_back(alarm);
  }
  return first;
}

template <typename Of>
std::vector<std::string> Each(const std::vector<Alarm>& alarms, Of of) {
  std::vector<std::string> texts;
  for (const Alarm& alarm : alarms) texts.push_back(of(alarm));
  return texts;
}

std::string IdOf(const Alarm& alarm) { return alarm["id"]; }

// All that makes an alarm what it is, but for its id and when it was said.
std::string WithoutId(const Alarm& alarm) {
  Alarm copy = alarm;
  copy.erase("id");
  copy.erase("at");
  return copy.dump();
}

class DeliveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    StartReceiver();
    dcp_ = DcpProcess::Prepare(Config());
    ASSERT_OK(dcp_->StartAgain());
    for (const std::string check : kAllChecks) {
      StartClient(check + "src", Call::kPush, false);
      StartClient(check + "dst", check == "c" ? Call::kProcess : Call::kPush, true);
    }
  }

  std::string Config() const {
    std::string config = absl::StrCat(
        "[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"", address_,
        "\"\nack = \"durable\"\nintake_max = \"128MiB\"\ntags = [\"asrc\", \"adst\", \"bsrc\", "
        "\"bdst\", \"csrc\", \"cdst\"]\n[[alarm]]\ntype = \"webhook\"\nurl = \"",
        receiver_->Url(), "\"\nmin_interval = \"0s\"\nsecret_file = \"", Secret(), "\"\n",
        kTimeouts);
    for (const std::string check : kAllChecks) {
      absl::StrAppend(&config, "[[check]]\nname = \"", check, "\"\nsource = \"", check,
                      "src\"\ntargets = [\"", check,
                      "dst\"]\nlateness = 0\nhistory = 5\ntimeout = \"24h\"\n");
    }
    return config;
  }
  std::string Secret() const {
    WriteFile(scratch_.path() + "/secret", "known to both\n");
    return scratch_.path() + "/secret";
  }
  // Another one each time, at the same address and with the same log.
  void StartReceiver() {
    receiver_.emplace(scratch_.path(),
                      std::vector<std::string>{"--bad", "25", "--secret", "known to both", "--seed",
                                               absl::StrCat(random_())},
                      port_.port());
  }
  void StartClient(const std::string& tag, Call call, bool is_target) {
    clients_.push_back(std::make_unique<ResendingClient>(ResendingClient::Options{
        .address = address_,
        .tag = tag,
        .call = call,
        .message = [=](uint64_t number) { return PushedMessage(tag, is_target, number); },
        .per_second = 24,
        .last = last_message_}));
  }

  // What the receiver has taken, as often as it has.
  std::vector<Alarm> Taken() const {
    std::vector<Alarm> alarms;
    for (const auto& taken : receiver_->Taken()) {
      EXPECT_EQ(taken["path"], "/hook");  // no redirect was followed
      EXPECT_EQ(taken["signed"], true);
      alarms.push_back(Alarm::parse(taken["body"].get<std::string>()));
      EXPECT_EQ(alarms.back()["id"], taken["key"]);
    }
    return alarms;
  }
  // Different alarms that came of kExactChecks.
  size_t Delivered() const {
    std::set<std::string> ids;
    for (const Alarm& alarm : Taken()) {
      if (alarm["check"] != "c") ids.insert(alarm["id"]);
    }
    return ids.size();
  }
  void AwaitDelivered(size_t alarms) {
    const auto delivered = [&] {
      Pause(absl::Milliseconds(200));
      return Delivered() >= alarms;
    };
    ASSERT_TRUE(Eventually(delivered, absl::Minutes(10))) << Delivered() << " of " << alarms << "\n"
                                                          << dcp_->log();
  }

  // At any instant; or between two steps of a delivery, which is the end of two daemons.
  uint64_t KillOnce() {
    constexpr const char* kPoints[] = {"outbox.taken", "outbox.delivered", "outbox.noted"};
    const uint64_t way = ways_++ % 4;
    if (way == 0) {
      EXPECT_OK(dcp_->KillAndRestart());
      return 1;
    }
    dcp_->Kill();
    const uint64_t times = 1 + random_() % 5;
    EXPECT_OK(dcp_->RunToFaultPoint(absl::StrCat(kPoints[way - 1], ":", times)));
    EXPECT_OK(dcp_->StartAgain());
    return 2;
  }
  // Nobody listens for a while, in which the daemon is killed too.
  void RefuseForAWhile() {
    receiver_.reset();
    Pause(absl::Milliseconds(700));
    ASSERT_OK(dcp_->KillAndRestart());
    Pause(absl::Milliseconds(700));
    StartReceiver();
  }

  void ExpectOnceAndInOrder() {
    const std::vector<Alarm> taken = Taken(), said = dcp_->alarms();
    std::map<std::string, std::string> id_of;
    size_t alarms = 0;
    for (const std::string check : kAllChecks) {
      const std::vector<Alarm> came = FirstOf(taken, check);
      EXPECT_EQ(Each(came, IdOf), Each(FirstOf(said, check), IdOf)) << check;
      for (const Alarm& alarm : came) {
        const auto [it, is_new] = id_of.emplace(WithoutId(alarm), alarm["id"]);
        EXPECT_TRUE(is_new) << it->second << " and " << alarm;
      }
      alarms += came.size();
    }
    for (const std::string check : kExactChecks) {
      EXPECT_EQ(Each(FirstOf(taken, check), InWords), Expected(rounds_)) << check;
    }
    std::cout << alarms << " alarms, delivered " << taken.size() << " times\n";
    EXPECT_GT(taken.size(), alarms) << "none came twice: was anything broken off?";
  }

  const uint64_t alarms_ = test::NumberFromEnvironment("DCP_TEST_ALARMS").value_or(kAlarms);
  const uint64_t kills_ = test::NumberFromEnvironment("DCP_TEST_KILLS").value_or(kKills);
  // Of each of kExactChecks, which alone have all the alarms.
  const uint64_t rounds_ = alarms_ / kAlarmsPerRound / std::size(kExactChecks) + 1;
  const uint64_t last_message_ = rounds_ * kSegmentsPerRound * kPerSegment + 1;
  const uint64_t seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
  const test::TestDir scratch_{"dcp-test-alarm"};
  const alarm::HeldPort port_;
  const std::string address_ = FreeAddress();
  std::optional<alarm::Receiver> receiver_;
  std::unique_ptr<DcpProcess> dcp_;
  std::vector<std::unique_ptr<ResendingClient>> clients_;
  uint64_t ways_ = 0;
};

TEST_F(DeliveryTest, EveryAlarmComesOnceByItsKeyAndInOrder) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  uint64_t killed = 0;
  while (killed < kills_) {
    // Some are left for each kill, and for after the last.
    ASSERT_NO_FATAL_FAILURE(AwaitDelivered(alarms_ * (killed + 1) / (kills_ + 2)));
    if (killed % 5 == 3) {
      ASSERT_NO_FATAL_FAILURE(RefuseForAWhile());
      ++killed;
    } else {
      killed += KillOnce();
    }
  }
  for (const auto& client : clients_) EXPECT_TRUE(client->FinishAt(last_message_));
  ASSERT_NO_FATAL_FAILURE(AwaitDelivered(rounds_ * kAlarmsPerRound * std::size(kExactChecks)));
  const auto all_came = [&] {
    Pause(absl::Milliseconds(200));
    return FirstOf(Taken(), "c").size() >= FirstOf(dcp_->alarms(), "c").size();
  };
  EXPECT_TRUE(Eventually(all_came, absl::Minutes(10))) << dcp_->log();
  ASSERT_OK_AND_ASSIGN(const int status, dcp_->Stop());
  EXPECT_EQ(status, 0) << dcp_->log();
  std::cout << killed << " kills; ";
  ExpectOnceAndInOrder();
  EXPECT_GE(receiver_->Modes().size(), 5u);
}

}  // namespace
}  // namespace dcp::test
