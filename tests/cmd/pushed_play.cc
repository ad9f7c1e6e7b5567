#include "tests/cmd/pushed_play.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

constexpr uint64_t kSecond = 1'700'000'000;  // all of a script happens within it

enum class Arrival { kSourceFirst, kTargetFirst, kInTurns };

// Plays one script, message by message.
class Player {
 public:
  Player(const Script& script, const std::string& address) : script_(script), address_(address) {}

  // False at the end.
  bool Step() {
    if (call_ == script_.calls().size()) return false;
    if (feed_ == nullptr) feed_ = std::make_unique<Feed>(address_);
    const std::vector<Message>& messages = script_.calls()[call_];
    if (next_ < messages.size()) {
      feed_->SendAll({messages[next_++]});
      return true;
    }
    EXPECT_TRUE(feed_->End().ok()) << script_.tag();
    feed_ = nullptr;
    next_ = 0;
    return ++call_ < script_.calls().size();
  }
  void PlayAll() {
    while (Step()) {
    }
  }

 private:
  const Script& script_;
  const std::string address_;
  std::unique_ptr<Feed> feed_;
  size_t call_ = 0, next_ = 0;
};

void Play(const Script& src, const Script& dst, Arrival arrival, const std::string& address) {
  Player source(src, address), target(dst, address);
  switch (arrival) {
    case Arrival::kSourceFirst:
      source.PlayAll();
      return target.PlayAll();
    case Arrival::kTargetFirst:
      target.PlayAll();
      return source.PlayAll();
    case Arrival::kInTurns:
      for (bool more = true; more;) {
        const bool source_more = source.Step();
        more = target.Step() || source_more;
      }
  }
}

std::vector<Alarm> RunOnce(const Script& src, const Script& dst, Arrival arrival,
                           const std::string& check_options) {
  const std::string address = FreeAddress();
  auto dcp = DcpProcess::Start(PushedConfig(address, check_options));
  EXPECT_OK(dcp);
  if (!dcp.ok()) return {};
  Play(src, dst, arrival, address);
  const absl::StatusOr<int> status = (*dcp)->Stop();  // judges and tells what has come
  EXPECT_OK(status);
  EXPECT_EQ(status.value_or(-1), 0) << (*dcp)->log();
  return (*dcp)->alarms();
}

std::string Segment(const Alarm& alarm) {
  const uint64_t epoch = alarm["epoch"];
  return absl::StrCat(epoch == 1 ? "" : absl::StrCat("e", epoch, " "),
                      alarm["from"].get<uint64_t>(), "..", alarm["to"].get<uint64_t>());
}

std::string KeyOf(const Alarm& diff) {
  if (diff["table"].is_null()) return diff["key"][0];
  return absl::StrCat(diff["table"].get<std::string>(), diff["key"].dump());
}

std::string ResolvedText(const Alarm& alarm) {
  if (alarm["keys"].empty()) return "resolved timeout";
  std::string text = "resolved";
  for (const Alarm& key : alarm["keys"]) absl::StrAppend(&text, " ", key.get<std::string>());
  return text;
}

}  // namespace

Message& Script::Add() {
  Message& message = calls_.back().emplace_back();
  message.set_tag(tag_);
  message.set_id(absl::StrCat(tag_, ":", calls_.back().size()));
  message.set_timestamp(kSecond);
  return message;
}

Script& Script::Push(const std::string& key, const std::string& content,
                     const std::string& checksum) {
  Message& message = Add();
  message.mutable_payload()->set_id(key);
  message.mutable_payload()->set_content(content);
  message.set_checksum(checksum);
  return *this;
}

Script& Script::Barrier(uint64_t offset) {
  Add().set_barrier(offset);
  return *this;
}

Script& Script::Barriers(uint64_t from, uint64_t to) {
  for (uint64_t offset = from; offset <= to; ++offset) Barrier(offset);
  return *this;
}

Script& Script::Id(const std::string& id) {
  calls_.back().back().set_id(id);
  return *this;
}

Script& Script::Restart() {
  calls_.emplace_back();
  return *this;
}

Script& Script::Append(const Script& other) {
  for (const Message& message : other.calls().back()) calls_.back().push_back(message);
  return *this;
}

Feed::Feed(const std::string& address)
    : stub_(DCPService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
  context_.set_wait_for_ready(true);
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  call_ = stub_->Process(&context_);
}

Feed::~Feed() {
  if (ended_) return;
  context_.TryCancel();
  AwaitEnd();
}

Response Feed::Send(const Message& message) {
  Response response;
  call_->Write(message);
  if (!call_->Read(&response)) response.set_code(-1);
  return response;
}

void Feed::SendAll(const std::vector<Message>& messages) {
  for (const Message& message : messages) {
    const Response response = Send(message);
    EXPECT_EQ(response.code(), 0) << message.ShortDebugString() << ": " << response.msg();
    EXPECT_EQ(response.id(), message.id());
  }
}

grpc::Status Feed::End() {
  call_->WritesDone();
  return AwaitEnd();
}

grpc::Status Feed::AwaitEnd() {
  Response response;
  while (call_->Read(&response)) {
  }
  ended_ = true;
  return call_->Finish();
}

std::string PushedConfig(const std::string& address, const std::string& check_options) {
  return absl::StrCat("[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"", address,
                      "\"\ntags = [\"src\", \"dst\"]\n"
                      "[[check]]\nname = \"pushed\"\nsource = \"src\"\ntargets = [\"dst\"]\n",
                      check_options, "\n");
}

std::string Text(const Alarm& alarm) {
  const std::string type = alarm["type"];
  if (type == "resolved") return ResolvedText(alarm);
  std::string text = absl::StrCat(type, " ", Segment(alarm));
  if (type == "timeout") absl::StrAppend(&text, " last=", alarm["last_barrier"].get<uint64_t>());
  if (type == "unverified") absl::StrAppend(&text, " ", alarm["reason"].get<std::string>());
  if (type == "diff") {
    for (const Alarm& diff : alarm["diffs"]) {
      absl::StrAppend(&text, " ", KeyOf(diff), ":", diff["kind"].get<std::string>());
    }
    const uint64_t known = alarm["known"];
    if (known > 0) absl::StrAppend(&text, " known=", known);
  }
  if (alarm.value("late", false)) absl::StrAppend(&text, " late");
  return text;
}

std::vector<std::string> Texts(const std::vector<Alarm>& alarms) {
  std::vector<std::string> texts;
  texts.reserve(alarms.size());
  for (const Alarm& alarm : alarms) texts.push_back(Text(alarm));
  return texts;
}

std::vector<Alarm> JudgeAlarms(const Script& src, const Script& dst,
                               const std::string& check_options) {
  std::vector<Alarm> alarms = RunOnce(src, dst, Arrival::kSourceFirst, check_options);
  for (const Arrival arrival : {Arrival::kTargetFirst, Arrival::kInTurns}) {
    EXPECT_EQ(Texts(alarms), Texts(RunOnce(src, dst, arrival, check_options)))
        << "judged by the order of arrival: source first, then "
        << (arrival == Arrival::kInTurns ? "in turns" : "target first");
  }
  return alarms;
}

std::vector<std::string> Judge(const Script& src, const Script& dst,
                               const std::string& check_options) {
  return Texts(JudgeAlarms(src, dst, check_options));
}

}  // namespace dcp::test
