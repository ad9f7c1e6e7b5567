// A dcp with many clients of every kind at a time: nothing is missed by any of them, and memory
// does not grow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/alarm/receiver.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/event_readers.h"
#include "tests/cmd/process_memory.h"
#include "tests/cmd/resending_client.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tcp_client.h"
#include "tests/support/test_dir.h"

namespace dcp::test {
namespace {

constexpr size_t kChecks = 25;  // two clients each
constexpr size_t kHooks = 20, kReceivers = 4;
constexpr size_t kBrowsers = 100;
// The barrier and rows; a row of every tenth segment is wrong, and right in the next one.
constexpr uint64_t kPerSegment = 20, kSegmentsPerRound = 10;
constexpr double kPerSecond = 20;
// The short form's; DCP_TEST_LOAD_SECONDS tells another time.
constexpr uint64_t kSeconds = 15;
// What may be added once all caches have been filled: a third of the time is for that.
constexpr uint64_t kGrowthKb = 16 << 10;

bool IsWrong(uint64_t segment) { return segment % kSegmentsPerRound == 3; }

Message PushedMessage(const std::string& tag, bool is_target, uint64_t number) {
  const uint64_t segment = (number - 1) / kPerSegment + 1, place = (number - 1) % kPerSegment;
  Message message;
  message.set_id(absl::StrCat(tag, ":", number));
  message.set_timestamp(1'700'000'000);
  if (place == 0) {
    message.set_barrier(segment);
    return message;
  }
  const bool wrong = is_target && place == 1 && IsWrong(segment);
  message.mutable_payload()->set_id(absl::StrCat("k", place));
  message.mutable_payload()->set_content(absl::StrCat("UPDATE [", wrong ? 0 : number, "]"));
  return message;
}

class LoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (size_t i = 0; i < kReceivers; ++i) {
      scratch_.push_back(std::make_unique<TestDir>("dcp-load"));
      receivers_.push_back(
          std::make_unique<alarm::Receiver>(scratch_.back()->path(), std::vector<std::string>{}));
    }
    dcp_ = DcpProcess::Prepare(Config());
    ASSERT_OK(dcp_->StartAgain());
    browsers_ = std::make_unique<EventReaders>(HttpPort(), kBrowsers);
    for (size_t i = 0; i < kChecks; ++i) {
      StartClient(absl::StrCat("src", i), false);
      StartClient(absl::StrCat("dst", i), true);
    }
  }

  std::string Config() const {
    std::string tags, config;
    for (size_t i = 0; i < kChecks; ++i) {
      absl::StrAppend(&tags, i == 0 ? "" : ", ", "\"src", i, "\", \"dst", i, "\"");
      absl::StrAppend(&config, "[[check]]\nname = \"c", i, "\"\nsource = \"src", i,
                      "\"\ntargets = [\"dst", i,
                      "\"]\nlateness = 0\nhistory = 5\ntimeout = \"24h\"\n");
    }
    for (size_t i = 0; i < kHooks; ++i) {
      absl::StrAppend(&config, "[[alarm]]\ntype = \"webhook\"\nmin_interval = \"0s\"\nurl = \"",
                      receivers_[i % kReceivers]->Url(), "/", i, "\"\n");
    }
    return absl::StrCat("[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"", address_,
                        "\"\nack = \"durable\"\ntags = [", tags, "]\n[http]\nlisten = \"", http_,
                        "\"\n", config);
  }
  uint16_t HttpPort() const {
    uint32_t port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(http_.substr(http_.find(':') + 1), &port));
    return static_cast<uint16_t>(port);
  }
  void StartClient(const std::string& tag, bool is_target) {
    ResendingClient::Options options;
    options.address = address_;
    options.tag = tag;
    options.message = [=](uint64_t number) { return PushedMessage(tag, is_target, number); };
    options.per_second = kPerSecond;
    options.last = rounds_ * kSegmentsPerRound * kPerSegment + 1;
    clients_.push_back(std::make_unique<ResendingClient>(std::move(options)));
  }

  // Scrapes every second for the time of the test; the resident kilobytes at each.
  std::vector<uint64_t> ScrapeAllAlong() {
    std::vector<uint64_t> resident;
    const Clock& clock = Clock::Real();
    for (uint64_t i = 0; i < seconds_ && dcp_->running(); ++i) {
      const absl::Duration begun = clock.Monotonic();
      const std::string metrics = HttpGet(HttpPort(), "/metrics");
      EXPECT_TRUE(absl::StartsWith(metrics, "HTTP/1.1 200 ")) << metrics.substr(0, 200);
      EXPECT_TRUE(absl::StrContains(metrics, "dcp_check_segments_total{check=\"c24\""));
      slowest_ = std::max(slowest_, clock.Monotonic() - begun);
      resident.push_back(KilobytesOf(dcp_->pid(), "VmRSS:"));
      Pause(absl::Seconds(1));
    }
    return resident;
  }

  // How many segments were told, each behind the one before; none of them unverified.
  std::map<std::string, uint64_t> SegmentsTold() const {
    std::map<std::string, uint64_t> last;
    for (const Alarm& alarm : dcp_->alarms()) {
      EXPECT_NE(alarm["type"], "unverified") << alarm;
      if (alarm["type"] != "same" && alarm["type"] != "diff") continue;
      uint64_t& to = last.try_emplace(alarm["check"], 1).first->second;
      EXPECT_EQ(alarm["from"], to) << alarm;
      to = alarm["to"];
    }
    return last;
  }
  bool AllAreJudged() const {
    uint64_t verdicts = 0;
    for (const Alarm& alarm : dcp_->alarms()) {
      if (alarm["type"] == "same" || alarm["type"] == "diff") ++verdicts;
    }
    return verdicts >= kChecks * rounds_ * kSegmentsPerRound;
  }

  // The ids of alarms by the webhook that took them.
  std::map<std::string, std::set<std::string>> Hooked() const {
    std::map<std::string, std::set<std::string>> ids;
    for (const auto& receiver : receivers_) {
      for (const auto& taken : receiver->Taken()) ids[taken["path"]].insert(taken["key"]);
    }
    return ids;
  }
  std::set<std::string> SaidIds() const {
    std::set<std::string> ids;
    for (const Alarm& alarm : dcp_->alarms()) {
      if (alarm["type"] != "same") ids.insert(alarm["id"]);
    }
    return ids;
  }
  bool AllAreHooked() const {
    const std::set<std::string> said = SaidIds();
    const auto hooked = Hooked();
    return hooked.size() == kHooks &&
           std::all_of(hooked.begin(), hooked.end(),
                       [&](const auto& hook) { return hook.second == said; });
  }

  const uint64_t seconds_ = NumberFromEnvironment("DCP_TEST_LOAD_SECONDS").value_or(kSeconds);
  const uint64_t rounds_ = std::max<uint64_t>(seconds_ / kSegmentsPerRound, 1);
  const std::string address_ = FreeAddress(), http_ = FreeAddress();
  std::vector<std::unique_ptr<TestDir>> scratch_;
  std::vector<std::unique_ptr<alarm::Receiver>> receivers_;
  std::unique_ptr<DcpProcess> dcp_;
  std::unique_ptr<EventReaders> browsers_;
  std::vector<std::unique_ptr<ResendingClient>> clients_;
  absl::Duration slowest_;
};

TEST_F(LoadTest, NothingIsMissedAndMemoryStays) {
  const std::vector<uint64_t> resident = ScrapeAllAlong();
  ASSERT_EQ(resident.size(), seconds_) << dcp_->log();
  for (const auto& client : clients_) {
    ASSERT_TRUE(client->FinishAt(rounds_ * kSegmentsPerRound * kPerSegment + 1)) << dcp_->log();
  }
  ASSERT_TRUE(Eventually([this] { return AllAreJudged(); }, absl::Minutes(5))) << dcp_->log();

  const auto told = SegmentsTold();
  EXPECT_EQ(told.size(), kChecks);
  for (const auto& [check, to] : told) EXPECT_EQ(to, rounds_ * kSegmentsPerRound + 1) << check;
  const size_t said = SaidIds().size();
  EXPECT_GE(said, kChecks * rounds_ * 2);  // a `diff` and its end
  EXPECT_TRUE(Eventually(
      [this] {
        Pause(absl::Milliseconds(200));
        return AllAreHooked();
      },
      absl::Minutes(5)))
      << Hooked().size() << " hooks\n"
      << dcp_->log();

  const uint64_t segments = kChecks * rounds_ * kSegmentsPerRound;
  EXPECT_TRUE(Eventually([&] {
    const auto browsers = browsers_->told();
    return std::all_of(browsers.begin(), browsers.end(),
                       [&](const auto& browser) { return browser.last >= segments; });
  })) << browsers_->told()[0].last
      << " of " << segments;
  for (const EventReaders::Told& browser : browsers_->told()) {
    EXPECT_EQ(browser.first, 1u);
    EXPECT_EQ(browser.gaps, 0u);
    EXPECT_FALSE(browser.closed);
    EXPECT_GE(browser.statuses, seconds_ / 3);
  }

  const uint64_t warm =
      *std::max_element(resident.begin(), resident.begin() + std::ssize(resident) / 3);
  const uint64_t most = *std::max_element(resident.begin(), resident.end());
  EXPECT_LE(most, warm + kGrowthKb);
  std::cout << segments << " segments, " << said << " alarms to each of " << kHooks << " webhooks, "
            << kBrowsers << " streams, slowest scrape " << slowest_ << ", resident "
            << resident.front() / 1024 << " MiB at first, " << warm / 1024 << " after a third, "
            << most / 1024 << " at most, " << resident.back() / 1024 << " at last\n";
  ASSERT_OK_AND_ASSIGN(const int status, dcp_->Stop());
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace dcp::test
