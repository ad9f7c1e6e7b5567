#include "server/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/server/example_status.h"
#include "tests/server/fake_page.h"

namespace dcp::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class EventFeedTest : public ::testing::Test {
 protected:
  EventFeedTest() { history_.newest = 7; }
  std::string Next() { return feed().Next(ExampleStatus(), absl::FromUnixSeconds(5)); }
  EventFeed& feed() {
    if (!feed_) feed_.emplace(history_, findings_);
    return *feed_;
  }

  FakeHistory history_;
  FakeFindings findings_;
  std::optional<EventFeed> feed_;
};

TEST_F(EventFeedTest, EachVerdictIsToldOnceWithItsNumber) {
  EXPECT_THAT(Next(), Not(HasSubstr("event: segments")));
  history_.newest = 9;
  EXPECT_THAT(Next(),
              AllOf(StartsWith("id: 9\nevent: segments\ndata: [{"), HasSubstr("\"number\":8,"),
                    HasSubstr("\"number\":9,"), Not(HasSubstr("\"number\":7,"))));
  EXPECT_THAT(Next(), Not(HasSubstr("event: segments")));
}

TEST_F(EventFeedTest, WhatPassedIsNotTold) {
  feed();
  history_.newest = 9;
  feed().Pass();
  EXPECT_THAT(Next(), Not(HasSubstr("event: segments")));
}

TEST_F(EventFeedTest, TheStatusIsToldInOneLineWithoutThePast) {
  const std::string told = Next();
  EXPECT_THAT(told, HasSubstr("event: status\ndata: {\"barriers\":"));
  EXPECT_THAT(told, Not(HasSubstr("\"recent\"")));
}

TEST_F(EventFeedTest, AChangeOfFindingsIsToldOnce) {
  EXPECT_THAT(Next(), HasSubstr("event: findings\n"));
  EXPECT_THAT(Next(), Not(HasSubstr("event: findings\n")));
  findings_.json = "{\"revision\":2}";
  EXPECT_THAT(Next(), HasSubstr("event: findings\n"));
}

TEST_F(EventFeedTest, AReaderThatComesAgainGetsWhatItMissed) {
  EXPECT_THAT(feed().Begin("5"),
              AllOf(HasSubstr("id: 7\nevent: segments\n"), HasSubstr("\"number\":6,"),
                    Not(HasSubstr("\"number\":5,"))));
  EXPECT_EQ(feed().Begin("7"), "retry: 2000\n\n");
}

TEST_F(EventFeedTest, AReaderWithoutAnIdGetsWhatFollows) {
  for (const char* id : {"", "x", "-1", "7x", "18446744073709551616"}) {
    EXPECT_EQ(feed().Begin(id), "retry: 2000\n\n") << id;
  }
}

TEST_F(EventFeedTest, WhatIsNotKnownAnyMoreIsNotPassedOver) {
  history_.kept = 2;
  EXPECT_THAT(feed().Begin("4"), HasSubstr("event: reset\n"));
  EXPECT_THAT(feed().Begin("5"), Not(HasSubstr("event: reset\n")));
  EXPECT_THAT(feed().Begin("8"), HasSubstr("event: reset\n"));  // of another state directory
}

}  // namespace
}  // namespace dcp::server
