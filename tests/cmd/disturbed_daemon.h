// Daemons under disturbance, with all that they can have: a pair of servers with traffic and
// injected differences, pushed tags with theirs, and sinks of several types. One is left alone: in
// the end both have said and delivered the same, in the same order, and no pushed message that was
// acknowledged is missing.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/alarm/receiver.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/order_writers.h"
#include "tests/cmd/resending_client.h"
#include "tests/servers/replica_pair.h"
#include "tests/support/test_dir.h"

namespace dcp::test {

// The clients of one daemon.
class Clients {
 public:
  explicit Clients(const std::string& address);

  uint64_t sent() const;
  void Reconnect();
  // Up to the barrier that begins `segment`.
  void FinishAt(uint64_t segment);
  uint64_t acknowledged_by_process() const { return clients_.back()->acknowledged(); }

 private:
  void Add(const std::string& address, const std::string& tag, ResendingClient::Call call,
           bool is_target, bool has_fat);

  std::vector<std::unique_ptr<ResendingClient>> clients_;
};

// A daemon, not yet running, with a receiver of its own that takes alarms by webhook and as an
// Alertmanager does.
struct Subject {
  // `more`: of its configuration.
  explicit Subject(const std::string& more);

  // Ids by webhook, each where it came first.
  std::vector<std::string> Delivered() const;

  const std::string address;  // of its pushed tags
  const test::TestDir scratch{"dcp-test-alarm"};
  const alarm::Receiver receiver;
  const std::unique_ptr<DcpProcess> dcp;
};

// Differences of more rows than an alarm shows, and their end.
class ManyRows {
 public:
  explicit ManyRows(ReplicaPair& pair);
  ~ManyRows();

 private:
  void Run();
  // One that meets another writer's rows is done without.
  static void Update(MysqlServer& server, int value);

  ReplicaPair& pair_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class DisturbedDaemonTest : public ::testing::Test {
 protected:
  // Servers, and the calm daemon; the other one does not run yet.
  void SetUp() override;

  // Traffic on everything, once both daemons have begun.
  void BeginTraffic();

  // Ends it, and both daemons when they have judged all of it.
  void EndTraffic();

  void ExpectAsIfNothingHadHappened();

  const uint64_t seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
  ReplicaPair* pair_ = nullptr;
  std::optional<Subject> calm_, disturbed_;
  std::optional<OrderWriters> writers_;
  std::optional<ManyRows> many_rows_;
  std::optional<Clients> calm_clients_, disturbed_clients_;

 private:
  using Segment = std::pair<uint64_t, uint64_t>;

  std::string Servers(int server_id);
  // What was said so far, by webhook.
  static void AwaitDelivered(const Subject& subject);
  static void AwaitVerdict(Subject& subject, const std::string& check, uint64_t to);
  // What a call of Process that was cut off had under way is not verified; the rest is as ever.
  // (A finding of which nobody knows any more whether it lasts is known for longer.)
  void ExpectProcessedIsRight();
  static Segment SegmentOf(const Alarm& alarm);
  static bool HasNew(const Alarm& alarm);
  // Of the check "processed", each once.
  static std::vector<Alarm> VerdictsOf(const Subject& subject);
  // The webhook got what the file got, in its order.
  void ExpectDelivered();
  // Process acknowledges messages, not numbers: they lie in their order where they were stored.
  void ExpectProcessedIsKept();
  static uint64_t NumberOf(const Message& message);
};

}  // namespace dcp::test
