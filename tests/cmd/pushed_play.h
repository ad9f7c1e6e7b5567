// Pushed streams as scripts, their play against a running dcp, and what it said.
//
//   Script src("src"), dst("dst");
//   src.Barrier(1).Insert("k", "[1]").Barrier(2);
//   dst.Barrier(1).Insert("k", "[1]").Barrier(2);
//   EXPECT_THAT(Judge(src, dst), ElementsAre("same 1..2"));
//
// Verdicts are a function of the two sequences alone: Judge() plays them in several
// orders of arrival, each against a daemon of its own, and fails the test where two
// of them are judged differently.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/dcp.grpc.pb.h"
#include "tests/cmd/dcp_process.h"

namespace dcp::test {

// The messages of one tag, in order; each has an id and the same timestamp.
class Script {
 public:
  explicit Script(std::string tag) : tag_(std::move(tag)) {}

  Script& Insert(const std::string& key, const std::string& row) {
    return Push(key, "INSERT " + row);
  }
  Script& Update(const std::string& key, const std::string& row) {
    return Push(key, "UPDATE " + row);
  }
  Script& Delete(const std::string& key, const std::string& row = "[]") {
    return Push(key, "DELETE " + row);
  }
  Script& Push(const std::string& key, const std::string& content,
               const std::string& checksum = "");
  Script& Barrier(uint64_t offset);
  // Barriers `from`, `from` + 1 … `to`.
  Script& Barriers(uint64_t from, uint64_t to);
  // The id of the last message.
  Script& Id(const std::string& id);
  // Ends the call; what follows is pushed by a new one.
  Script& Restart();
  // Everything of `other`, once more.
  Script& Append(const Script& other);

  const std::string& tag() const { return tag_; }
  // One element per call.
  const std::vector<std::vector<Message>>& calls() const { return calls_; }

 private:
  Message& Add();

  const std::string tag_;
  std::vector<std::vector<Message>> calls_ = {{}};
};

// One call of Process to a daemon. A step that takes more than 30 s fails.
class Feed {
 public:
  explicit Feed(const std::string& address);
  // Cancels the call if it has not ended.
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Sends a message and returns its response; one with code -1 when the call has ended.
  Response Send(const Message& message);
  // Sends all and expects each to be accepted.
  void SendAll(const std::vector<Message>& messages);
  // Half-closes and returns how the call ended.
  grpc::Status End();
  // Waits for the server to end the call, and returns how it did.
  grpc::Status AwaitEnd();

 private:
  std::unique_ptr<DCPService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<Message, Response>> call_;
  bool ended_ = false;
};

// A configuration: tags src and dst pushed to `address`, compared by the check
// "pushed" with `check_options`.
std::string PushedConfig(const std::string& address, const std::string& check_options = "");

// "same 1..2", "diff 2..3 k:stale", "unverified 3..5 restart", "timeout 2..3 last=2",
// "resolved k" or "resolved timeout"; other epochs as "same e2 1..2", followed by
// "known=1" and "late" where they hold.
std::string Text(const Alarm& alarm);
std::vector<std::string> Texts(const std::vector<Alarm>& alarms);

// The alarms of a daemon with PushedConfig that both scripts are played against.
std::vector<Alarm> JudgeAlarms(const Script& src, const Script& dst,
                               const std::string& check_options = "");
std::vector<std::string> Judge(const Script& src, const Script& dst,
                               const std::string& check_options = "");

}  // namespace dcp::test
