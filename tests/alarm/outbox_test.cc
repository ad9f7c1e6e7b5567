// What every Outbox does, tried on the one in memory.
#include <gmock/gmock.h>

#include "alarm/memory_outbox.h"
#include "tests/alarm/fakes.h"
#include "tests/support/status_matchers.h"

namespace dcp::alarm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kSink[] = "s";

class OutboxTest : public ::testing::Test {
 protected:
  // Room for `alarms` alarms of Put().
  void MakeRoomFor(size_t alarms) { outbox_ = std::make_unique<MemoryOutbox>(alarms * kSize); }

  void Put(model::AlarmType type, const std::string& check, const std::string& id,
           std::vector<std::string> resolves = {}, std::vector<std::string> sinks = {kSink}) {
    auto alarm = std::make_shared<Alarm>();
    alarm->type = type;
    alarm->id = id;
    alarm->check = check;
    alarm->target = "dst";
    alarm->resolves = std::move(resolves);
    alarm->json.resize(kSize - MemoryOutbox::BytesOf(*alarm));
    EXPECT_OK(outbox_->Append(ReportOf(Same()), {{alarm, std::move(sinks)}}));
  }
  std::vector<std::string> Waiting(const std::string& sink = kSink) {
    std::map<uint64_t, std::string> ids;
    for (const auto& head : outbox_->Heads(sink)) {
      for (const auto& entry : outbox_->Next(sink, head.check, 1000)) {
        ids[entry.sequence] = entry.alarm->id;
      }
    }
    std::vector<std::string> ordered;
    for (const auto& [sequence, id] : ids) ordered.push_back(id);
    return ordered;
  }
  model::Outbox::Counts Counts() const { return outbox_->CountsOf(kSink); }

  static constexpr size_t kSize = 2000;
  std::unique_ptr<model::Outbox> outbox_ = std::make_unique<MemoryOutbox>();
};

using model::AlarmType;

TEST_F(OutboxTest, EachSinkHasItsOwn) {
  Put(AlarmType::kDiff, "a", "1", {}, {"s", "t"});
  Put(AlarmType::kDiff, "a", "2", {}, {"t"});
  outbox_->Acknowledge("t", outbox_->Heads("t").at(0).sequence);
  EXPECT_THAT(Waiting("s"), ElementsAre("1"));
  EXPECT_THAT(Waiting("t"), ElementsAre("2"));
  EXPECT_THAT(Waiting("u"), IsEmpty());
}

TEST_F(OutboxTest, HeadsAreTheOldestOfEachCheck) {
  Put(AlarmType::kDiff, "b", "1");
  Put(AlarmType::kDiff, "a", "2");
  Put(AlarmType::kDiff, "b", "3");
  const auto heads = outbox_->Heads(kSink);
  ASSERT_EQ(heads.size(), 2u);
  EXPECT_EQ(heads[0].check, "b");
  EXPECT_EQ(heads[1].check, "a");
  EXPECT_LT(heads[0].sequence, heads[1].sequence);
}

TEST_F(OutboxTest, WhatIsNotAcknowledgedComesAgain) {
  Put(AlarmType::kDiff, "a", "1");
  EXPECT_EQ(outbox_->Next(kSink, "a", 10).size(), 1u);
  const auto again = outbox_->Next(kSink, "a", 10);
  ASSERT_EQ(again.size(), 1u);
  outbox_->Acknowledge(kSink, again[0].sequence);
  outbox_->Acknowledge(kSink, again[0].sequence);
  EXPECT_THAT(outbox_->Next(kSink, "a", 10), IsEmpty());
  EXPECT_EQ(Counts().waiting, 0u);
  EXPECT_EQ(Counts().waiting_bytes, 0u);
}

TEST_F(OutboxTest, PutAsideIsCountedApart) {
  Put(AlarmType::kDiff, "a", "1");
  outbox_->PutAside(kSink, outbox_->Heads(kSink).at(0).sequence);
  outbox_->PutAside(kSink, 77);
  EXPECT_EQ(Counts().put_aside, 1u);
  EXPECT_EQ(Counts().waiting, 0u);
}

TEST_F(OutboxTest, ExactlyFullGivesUpNothing) {
  MakeRoomFor(2);
  Put(AlarmType::kDiff, "a", "1");
  Put(AlarmType::kDiff, "a", "2");
  EXPECT_THAT(Waiting(), ElementsAre("1", "2"));
}

TEST_F(OutboxTest, SupersededSameGoesBeforeAnOlderOneThatIsNot) {
  MakeRoomFor(3);
  Put(AlarmType::kSame, "a", "1");
  Put(AlarmType::kSame, "b", "2");
  Put(AlarmType::kSame, "b", "3");
  Put(AlarmType::kSame, "c", "4");
  EXPECT_THAT(Waiting(), ElementsAre("1", "3", "4"));
  EXPECT_EQ(Counts().superseded, 1u);
}

TEST_F(OutboxTest, AnEndedDiffGoesBeforeAnOpenOne) {
  MakeRoomFor(3);
  Put(AlarmType::kDiff, "a", "open");
  Put(AlarmType::kDiff, "a", "ended");
  Put(AlarmType::kResolved, "a", "end", {"ended"});
  Put(AlarmType::kDiff, "a", "new");
  EXPECT_THAT(Waiting(), ElementsAre("open", "end", "new"));
  EXPECT_EQ(Counts().superseded, 1u);
  EXPECT_EQ(Counts().lost, 0u);
}

TEST_F(OutboxTest, TheOldestIsLostWhenNothingIsSuperseded) {
  MakeRoomFor(2);
  for (const char* id : {"1", "2", "3"}) Put(AlarmType::kDiff, "a", id);
  EXPECT_THAT(Waiting(), ElementsAre("2", "3"));
  EXPECT_EQ(Counts().lost, 1u);
}

TEST_F(OutboxTest, WhatIsBeingDeliveredStays) {
  MakeRoomFor(1);
  Put(AlarmType::kSame, "a", "1");
  ASSERT_EQ(outbox_->Next(kSink, "a", 1).size(), 1u);
  Put(AlarmType::kDiff, "a", "2");
  Put(AlarmType::kDiff, "a", "3");
  EXPECT_THAT(Waiting(), ElementsAre("1", "3"));
}

TEST_F(OutboxTest, ASingleAlarmLargerThanAllStays) {
  outbox_ = std::make_unique<MemoryOutbox>(1);
  Put(AlarmType::kDiff, "a", "1");
  EXPECT_EQ(Counts().waiting, 1u);
  Put(AlarmType::kSame, "a", "2");
  EXPECT_THAT(Waiting(), ElementsAre("2"));
}

TEST_F(OutboxTest, ManyForADeadSinkKeepWithinTheBound) {
  MakeRoomFor(100);
  for (int i = 0; i < 20'000; ++i) {
    Put(i % 3 == 0 ? AlarmType::kDiff : AlarmType::kSame, std::to_string(i % 7), std::to_string(i));
    ASSERT_LE(Counts().waiting_bytes, 100 * kSize);
  }
  EXPECT_EQ(Counts().waiting + Counts().lost + Counts().superseded, 20'000u);
  EXPECT_EQ(Waiting().back(), "19999");
}

}  // namespace
}  // namespace dcp::alarm
