// What every model::Outbox does. A test binary instantiates OutboxContract with how to
// make the Outbox that it tries:
//   INSTANTIATE_TEST_SUITE_P(StateStore, OutboxContract, ::testing::Values(Make));
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/outbox_queue.h"
#include "model/ports/outbox.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {

// An empty one, each time.
using MakeOutbox = std::function<std::unique_ptr<model::Outbox>(size_t max_bytes_per_sink)>;

class OutboxContract : public ::testing::TestWithParam<MakeOutbox> {
 protected:
  static constexpr char kSink[] = "s";
  static constexpr size_t kSize = 2000;

  // Room for `alarms` alarms of Put().
  void MakeRoomFor(size_t alarms) { MakeWith(alarms * kSize); }
  void MakeWith(size_t bytes) {
    outbox_.reset();
    outbox_ = GetParam()(bytes);
  }

  void Put(model::AlarmType type, const std::string& check, const std::string& id,
           std::vector<std::string> resolves = {}, std::vector<std::string> sinks = {kSink}) {
    auto alarm = std::make_shared<model::Alarm>();
    alarm->type = type;
    alarm->id = id;
    alarm->check = check;
    alarm->target = "dst";
    alarm->resolves = std::move(resolves);
    alarm->json.resize(kSize - model::BytesOf(*alarm), 'j');
    const model::Report report{check, "dst", {}, {}};
    EXPECT_OK(outbox_->Append(report, {{alarm, std::move(sinks)}}));
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

  std::unique_ptr<model::Outbox> outbox_ = GetParam()(size_t{64} << 20);
};

using model::AlarmType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(OutboxContract, EachSinkHasItsOwn) {
  Put(AlarmType::kDiff, "a", "1", {}, {"s", "t"});
  Put(AlarmType::kDiff, "a", "2", {}, {"t"});
  outbox_->Acknowledge("t", outbox_->Heads("t").at(0).sequence);
  EXPECT_THAT(Waiting("s"), ElementsAre("1"));
  EXPECT_THAT(Waiting("t"), ElementsAre("2"));
  EXPECT_THAT(Waiting("u"), IsEmpty());
}

TEST_P(OutboxContract, HeadsAreTheOldestOfEachCheck) {
  Put(AlarmType::kDiff, "b", "1");
  Put(AlarmType::kDiff, "a", "2");
  Put(AlarmType::kDiff, "b", "3");
  const auto heads = outbox_->Heads(kSink);
  ASSERT_EQ(heads.size(), 2u);
  EXPECT_EQ(heads[0].check, "b");
  EXPECT_EQ(heads[1].check, "a");
  EXPECT_LT(heads[0].sequence, heads[1].sequence);
}

TEST_P(OutboxContract, WhatIsNotAcknowledgedComesAgain) {
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

TEST_P(OutboxContract, PutAsideIsCountedApart) {
  Put(AlarmType::kDiff, "a", "1");
  outbox_->PutAside(kSink, outbox_->Heads(kSink).at(0).sequence);
  outbox_->PutAside(kSink, 77);
  EXPECT_EQ(Counts().put_aside, 1u);
  EXPECT_EQ(Counts().waiting, 0u);
}

TEST_P(OutboxContract, ExactlyFullGivesUpNothing) {
  MakeRoomFor(2);
  Put(AlarmType::kDiff, "a", "1");
  Put(AlarmType::kDiff, "a", "2");
  EXPECT_THAT(Waiting(), ElementsAre("1", "2"));
}

TEST_P(OutboxContract, SupersededSameGoesBeforeAnOlderOneThatIsNot) {
  MakeRoomFor(3);
  Put(AlarmType::kSame, "a", "1");
  Put(AlarmType::kSame, "b", "2");
  Put(AlarmType::kSame, "b", "3");
  Put(AlarmType::kSame, "c", "4");
  EXPECT_THAT(Waiting(), ElementsAre("1", "3", "4"));
  EXPECT_EQ(Counts().superseded, 1u);
}

TEST_P(OutboxContract, AnEndedDiffGoesBeforeAnOpenOne) {
  MakeRoomFor(3);
  Put(AlarmType::kDiff, "a", "open");
  Put(AlarmType::kDiff, "a", "ended");
  Put(AlarmType::kResolved, "a", "end", {"ended"});
  Put(AlarmType::kDiff, "a", "new");
  EXPECT_THAT(Waiting(), ElementsAre("open", "end", "new"));
  EXPECT_EQ(Counts().superseded, 1u);
  EXPECT_EQ(Counts().lost, 0u);
}

TEST_P(OutboxContract, TheOldestIsLostWhenNothingIsSuperseded) {
  MakeRoomFor(2);
  for (const char* id : {"1", "2", "3"}) Put(AlarmType::kDiff, "a", id);
  EXPECT_THAT(Waiting(), ElementsAre("2", "3"));
  EXPECT_EQ(Counts().lost, 1u);
}

TEST_P(OutboxContract, WhatIsBeingDeliveredStays) {
  MakeRoomFor(1);
  Put(AlarmType::kSame, "a", "1");
  ASSERT_EQ(outbox_->Next(kSink, "a", 1).size(), 1u);
  Put(AlarmType::kDiff, "a", "2");
  Put(AlarmType::kDiff, "a", "3");
  EXPECT_THAT(Waiting(), ElementsAre("1", "3"));
}

TEST_P(OutboxContract, ASingleAlarmLargerThanAllStays) {
  MakeWith(1);
  Put(AlarmType::kDiff, "a", "1");
  EXPECT_EQ(Counts().waiting, 1u);
  Put(AlarmType::kSame, "a", "2");
  EXPECT_THAT(Waiting(), ElementsAre("2"));
}

TEST_P(OutboxContract, ManyForADeadSinkKeepWithinTheBound) {
  MakeRoomFor(100);
  for (int i = 0; i < 5'000; ++i) {
    Put(i % 3 == 0 ? AlarmType::kDiff : AlarmType::kSame, std::to_string(i % 7), std::to_string(i));
    ASSERT_LE(Counts().waiting_bytes, 100 * kSize);
  }
  EXPECT_EQ(Counts().waiting + Counts().lost + Counts().superseded, 5'000u);
  EXPECT_EQ(Waiting().back(), "4999");
}

TEST_P(OutboxContract, WhatIsHandedOutIsWhatWasPut) {
  auto alarm = std::make_shared<model::Alarm>();
  alarm->type = AlarmType::kDiff;
  alarm->id = "1";
  alarm->json = R"({"a":1})";
  alarm->text = std::string("a\0b\n\xff", 5);
  alarm->check = "orders";
  alarm->source = "src";
  alarm->target = "dst";
  alarm->tables = {"shop.orders", "a\\b\nc", ""};
  alarm->kinds = {model::DiffKind::kMissing, model::DiffKind::kDdl};
  alarm->resolves = {"x", "y"};
  alarm->at = absl::FromUnixNanos(1'714'564'800'123'456'789);
  EXPECT_OK(outbox_->Append({"orders", "dst", {}, {}}, {{alarm, {kSink}}}));
  const auto next = outbox_->Next(kSink, "orders", 1);
  ASSERT_EQ(next.size(), 1u);
  const model::Alarm& got = *next[0].alarm;
  EXPECT_EQ(got.type, alarm->type);
  EXPECT_EQ(got.id, alarm->id);
  EXPECT_EQ(got.json, alarm->json);
  EXPECT_EQ(got.text, alarm->text);
  EXPECT_EQ(got.check, alarm->check);
  EXPECT_EQ(got.source, alarm->source);
  EXPECT_EQ(got.target, alarm->target);
  EXPECT_EQ(got.tables, alarm->tables);
  EXPECT_EQ(got.kinds, alarm->kinds);
  EXPECT_EQ(got.resolves, alarm->resolves);
  EXPECT_EQ(got.at, alarm->at);
}

}  // namespace dcp::test
