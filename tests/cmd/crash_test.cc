// A daemon that dies at every step of all that it writes, and at random instants, with all that it
// can have: servers and pushed tags, and sinks of several types. One beside it is left alone: both
// say the same, in the same order, and no pushed message that was acknowledged is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "collector/grpc/intake_log.h"
#include "collector/grpc/intake_reader.h"
#include "tests/alarm/receiver.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/fault_points.h"
#include "tests/cmd/order_writers.h"
#include "tests/cmd/resending_client.h"
#include "tests/cmd/said.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

namespace fs = std::filesystem;
using Call = ResendingClient::Call;

// The short form's, at random instants; DCP_TEST_KILLS tells another number.
constexpr int kKills = 8;

int Kills() {
  int kills = kKills;
  const char* text = std::getenv("DCP_TEST_KILLS");
  if (text != nullptr && !absl::SimpleAtoi(text, &kills)) ADD_FAILURE() << "DCP_TEST_KILLS";
  return kills;
}

// --- what is pushed ---

// Messages of a segment, the barrier among them.
constexpr uint64_t kPerSegment = 20;
// So that files of pushed messages are begun and deleted.
constexpr size_t kFatBytes = size_t{800} << 10;

uint64_t SegmentOfNumber(uint64_t number) { return (number - 1) / kPerSegment + 1; }

// Row `place` of a segment, as the source has it. Keys come again in later segments.
Message Row(const std::string& tag, uint64_t segment, uint64_t place) {
  Message message;
  message.set_id(absl::StrCat(tag, ":", segment, ":", place));
  message.set_timestamp(1'700'000'000);
  message.mutable_payload()->set_id(absl::StrCat("k", (segment * 7 + place) % 60));
  message.mutable_payload()->set_content(absl::StrCat("UPDATE [", segment * 100 + place, "]"));
  return message;
}

Message PushedMessage(const std::string& tag, bool is_target, bool has_fat, uint64_t number) {
  const uint64_t segment = SegmentOfNumber(number), place = (number - 1) % kPerSegment;
  Message message = Row(tag, segment, place);
  if (place == 0) {
    message.clear_payload();
    message.set_barrier(segment);
  } else if (has_fat && place == 10) {
    message.set_checksum(absl::StrCat("v", segment));
    message.mutable_payload()->set_content(is_target ? "" : std::string(kFatBytes, 'x'));
  } else if (is_target && segment % 13 == 5 && place == 4) {
    message.mutable_payload()->set_content("UPDATE [0]");  // wrong
  } else if (is_target && segment % 17 == 3 && place == 7) {
    *message.mutable_payload() = Row(tag, segment, place - 1).payload();  // one is missing
  }
  return message;
}

// The clients of one daemon.
class Clients {
 public:
  explicit Clients(const std::string& address) {
    Add(address, "psrc", Call::kPush, false, true);
    Add(address, "pdst", Call::kPush, true, true);
    Add(address, "qsrc", Call::kPush, false, false);
    Add(address, "qdst", Call::kProcess, true, false);
  }

  uint64_t sent() const {
    uint64_t sent = 0;
    for (const auto& client : clients_) sent = std::max(sent, client->sent());
    return sent;
  }
  // Up to the barrier that begins `segment`.
  void FinishAt(uint64_t segment) {
    for (const auto& client : clients_) {
      EXPECT_TRUE(client->FinishAt((segment - 1) * kPerSegment + 1)) << client->acknowledged();
    }
  }
  uint64_t acknowledged_by_process() const { return clients_.back()->acknowledged(); }

 private:
  void Add(const std::string& address, const std::string& tag, Call call, bool is_target,
           bool has_fat) {
    clients_.push_back(std::make_unique<ResendingClient>(ResendingClient::Options{
        .address = address, .tag = tag, .call = call, .message = [=](uint64_t number) {
          return PushedMessage(tag, is_target, has_fat, number);
        }}));
  }

  std::vector<std::unique_ptr<ResendingClient>> clients_;
};

// --- the daemons ---

constexpr char kPushedChecks[] = R"(
[[check]]
name = "pushed"
source = "psrc"
targets = ["pdst"]
timeout = "600s"
history = 5
[[check]]
name = "processed"
source = "qsrc"
targets = ["qdst"]
timeout = "600s"
history = 5
)";

std::string GrpcToml(const std::string& address) {
  return absl::StrCat("[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"", address,
                      "\"\ntags = [\"psrc\", \"pdst\", \"qsrc\", \"qdst\"]\n"
                      "intake_max = \"128MiB\"\n");
}

// With a receiver of its own that takes alarms by webhook and as an Alertmanager does.
struct Subject {
  explicit Subject(const std::string& more)
      : address(FreeAddress()),
        receiver(scratch.path(), {"--poison", "none"}),
        dcp(DcpProcess::Prepare(absl::StrCat(GrpcToml(address), kPushedChecks, Alarms(), more))) {}

  std::string Alarms() const {
    return absl::StrCat(
        "[[alarm]]\ntype = \"webhook\"\nurl = \"", receiver.Url(),
        "\"\ntypes = [\"diff\", \"unverified\", \"resolved\"]\nmin_interval = \"0s\"\n",
        "[[alarm]]\ntype = \"alertmanager\"\nurl = \"http://127.0.0.1:", receiver.port(),
        "\"\n[[alarm]]\ntype = \"file\"\npath = \"", scratch.path(),
        "/small\"\nmax_size = \"4KiB\"\n");
  }
  // By webhook, each where it came first.
  std::vector<std::string> Delivered() const {
    std::vector<std::string> ids;
    std::set<std::string> known;
    for (const auto& taken : receiver.Taken()) {
      if (taken["path"] != "/hook") continue;
      const std::string id = taken["key"];
      if (known.insert(id).second) ids.push_back(id);
    }
    return ids;
  }

  const std::string address;
  const alarm::ScratchDir scratch;
  const alarm::Receiver receiver;
  const std::unique_ptr<DcpProcess> dcp;
};

// Differences of more rows than an alarm shows, and their end.
class ManyRows {
 public:
  explicit ManyRows(ReplicaPair& pair) : pair_(pair) {
    std::string rows = "(100, 0)";
    for (int id = 101; id < 260; ++id) absl::StrAppend(&rows, ", (", id, ", 0)");
    EXPECT_OK(pair_.source().Execute("INSERT INTO shop.orders VALUES " + rows));
    EXPECT_OK(pair_.WaitForReplica());
    thread_ = std::thread([this] { Run(); });
  }
  ~ManyRows() {
    stop_ = true;
    thread_.join();
  }

 private:
  void Run() {
    for (int round = 1; !stop_; ++round) {
      Update(pair_.replica(), -round);
      Pause(absl::Milliseconds(350));
      Update(pair_.source(), round);
      Pause(absl::Milliseconds(350));
    }
  }
  // One that meets another writer's rows is done without.
  static void Update(MysqlServer& server, int value) {
    server
        .Execute(
            absl::StrCat("UPDATE shop.orders SET v = ", value, " WHERE id BETWEEN 100 AND 260"))
        .IgnoreError();
  }

  ReplicaPair& pair_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class CrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(Flavour::kMysql97)));
    ASSERT_OK(MakeOrders(*pair_));
    ASSERT_OK(LetReplicaDiffer(*pair_, Flavour::kMysql97));
    calm_.emplace(absl::StrCat(BarrierToml(pair_->source()), Servers(4401)));
    // It writes a row of its own, which cuts nothing.
    killed_.emplace(absl::StrCat(BarrierToml(pair_->source(), 2), Servers(4411)));
    ASSERT_OK(calm_->dcp->StartAgain());
  }

  std::string Servers(int server_id) {
    return absl::StrCat(CollectorToml("source", server_id, pair_->source(), {{.tag = "src"}}),
                        CollectorToml("replica", server_id + 1, pair_->replica(), {{.tag = "dst"}}),
                        CheckToml("orders", "src", "dst", "confirm = false\nbarrier_id = 1\n"));
  }

  // Traffic on everything, once both daemons have begun.
  void BeginTraffic() {
    ASSERT_OK(killed_->dcp->StartAgain());
    for (Subject* subject : {&*calm_, &*killed_}) {
      ASSERT_OK(subject->dcp->Await(
          [](const Alarm& a) { return a["check"] == "orders" && a["type"] == "same"; }));
    }
    writers_.emplace(*pair_, seed_);
    many_rows_.emplace(*pair_);
    calm_clients_.emplace(calm_->address);
    killed_clients_.emplace(killed_->address);
  }

  // Ends it, and both daemons when they have judged all of it.
  void EndTraffic() {
    many_rows_.reset();
    writers_->Stop();
    const uint64_t last =
        SegmentOfNumber(std::max(calm_clients_->sent(), killed_clients_->sent())) + 10;
    for (auto* clients : {&*calm_clients_, &*killed_clients_}) clients->FinishAt(last);
    ASSERT_OK_AND_ASSIGN(
        const std::string offset,
        pair_->source().QueryValue("SELECT `offset` FROM drc.barrier WHERE id = 1"));
    uint64_t barrier = 0;
    ASSERT_TRUE(absl::SimpleAtoi(offset, &barrier));
    for (Subject* subject : {&*calm_, &*killed_}) {
      // Some segments before the end may stay open.
      AwaitVerdict(*subject, "orders", barrier + 1);
      AwaitVerdict(*subject, "pushed", last - 5);
      AwaitVerdict(*subject, "processed", last - 5);
      ASSERT_OK_AND_ASSIGN(const int status, subject->dcp->Stop());
      EXPECT_EQ(status, 0) << subject->dcp->log();
    }
  }

  static void AwaitVerdict(Subject& subject, const std::string& check, uint64_t to) {
    const auto reached = [&](const Alarm& alarm) {
      return IsVerdict(alarm) && alarm["check"] == check && BarrierOf(alarm, "to") >= to;
    };
    ASSERT_OK(subject.dcp->Await(reached, 0, absl::Seconds(120))) << check << " up to " << to;
  }

  void ExpectAsIfNothingHadHappened() {
    EXPECT_GT(ExpectTheSameSaid(*calm_->dcp, *killed_->dcp, "orders"), 20u);
    EXPECT_GT(ExpectTheSameSaid(*calm_->dcp, *killed_->dcp, "pushed"), 20u);
    ExpectProcessedIsRight();
    ExpectDelivered();
    ExpectProcessedIsKept();
    if (HasFailure()) std::cerr << killed_->dcp->log();
  }

  // What a call of Process that was cut off had under way is not verified; the rest is as ever.
  // (A finding of which nobody knows any more whether it lasts is known for longer.)
  void ExpectProcessedIsRight() {
    std::map<Segment, const Alarm*> calm;
    const std::vector<Alarm> expected = VerdictsOf(*calm_), said = VerdictsOf(*killed_);
    for (const Alarm& alarm : expected) {
      EXPECT_NE(alarm["type"], "unverified") << alarm;
      calm[SegmentOf(alarm)] = &alarm;
    }
    int same = 0, differ = 0;
    uint64_t end = 1;
    Segment before;
    for (const Alarm& alarm : said) {
      // What a segment lacks may be said beside its differences.
      const bool same_segment = std::exchange(before, SegmentOf(alarm)) == SegmentOf(alarm);
      if (same_segment && alarm["type"] == "unverified") continue;
      EXPECT_EQ(BarrierOf(alarm, "from"), end) << "a hole, or said twice: " << alarm;
      end = BarrierOf(alarm, "to");
      const auto other = calm.find(SegmentOf(alarm));
      if (alarm["type"] == "unverified") {
        EXPECT_TRUE(alarm["reason"] == "restart") << alarm;
      } else if (other != calm.end()) {  // else behind what the other one has said
        EXPECT_TRUE(alarm["type"] == "diff" || !HasNew(*other->second)) << *other->second;
        EXPECT_TRUE(HasNew(*other->second) || !HasNew(alarm)) << alarm;
        ++(alarm["type"] == "same" ? same : differ);
      }
    }
    EXPECT_GT(same, 10);
    EXPECT_GT(differ, 0);
  }

  using Segment = std::pair<uint64_t, uint64_t>;
  static Segment SegmentOf(const Alarm& alarm) {
    return {BarrierOf(alarm, "from"), BarrierOf(alarm, "to")};
  }
  static bool HasNew(const Alarm& alarm) {
    return alarm["type"] == "diff" && alarm["diff_count"].get<int>() > 0;
  }
  // Of the check "processed", each once.
  static std::vector<Alarm> VerdictsOf(const Subject& subject) {
    std::vector<Alarm> verdicts;
    std::set<std::string> ids;
    for (Alarm& alarm : subject.dcp->alarms()) {
      const bool wanted = IsVerdict(alarm) && alarm["check"] == "processed";
      if (wanted && ids.insert(alarm["id"]).second) verdicts.push_back(std::move(alarm));
    }
    return verdicts;
  }

  // The webhook got what the file got, in its order.
  void ExpectDelivered() {
    for (const Subject* subject : {&*calm_, &*killed_}) {
      std::map<std::string, std::vector<std::string>> expected, delivered;
      std::map<std::string, std::string> check_of;
      for (const Alarm& alarm : subject->dcp->alarms()) {
        if (alarm["type"] == "same" || alarm["type"] == "timeout") continue;
        if (check_of.emplace(alarm["id"], alarm["check"]).second) {
          expected[alarm["check"]].push_back(alarm["id"]);
        }
      }
      for (const std::string& id : subject->Delivered()) delivered[check_of[id]].push_back(id);
      EXPECT_EQ(delivered, expected);
    }
  }

  // Process acknowledges messages, not numbers: they lie in their order where they were stored.
  void ExpectProcessedIsKept() {
    ASSERT_OK_AND_ASSIGN(
        const auto log,
        collector::IntakeLog::Open({.directory = killed_->dcp->dir() / "state/intake/qdst"}));
    collector::IntakeReader reader(*log, log->first());
    uint64_t held = 0;
    for (auto block = reader.Next();; block = reader.Next()) {
      ASSERT_OK(block);
      if (!block->has_value()) break;
      for (const collector::IntakeEntry& entry : (*block)->body.entries) {
        if (entry.kind != collector::EntryKind::kMessage) continue;
        Message message;
        ASSERT_TRUE(
            message.ParseFromArray(entry.bytes.data(), static_cast<int>(entry.bytes.size())));
        if (held == 0) held = NumberOf(message) - 1;  // what stands before is forgotten
        ASSERT_LE(NumberOf(message), held + 1) << "a message is missing before " << message.id();
        held = std::max(held, NumberOf(message));
      }
    }
    EXPECT_GE(held, killed_clients_->acknowledged_by_process());
  }

  static uint64_t NumberOf(const Message& message) {
    uint64_t segment = 0, place = 0;
    const std::vector<std::string> parts = absl::StrSplit(message.id(), ':');
    EXPECT_TRUE(parts.size() == 3 && absl::SimpleAtoi(parts[1], &segment) &&
                absl::SimpleAtoi(parts[2], &place));
    return (segment - 1) * kPerSegment + place + 1;
  }

  const uint64_t seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
  ReplicaPair* pair_ = nullptr;
  std::optional<Subject> calm_, killed_;
  std::optional<OrderWriters> writers_;
  std::optional<ManyRows> many_rows_;
  std::optional<Clients> calm_clients_, killed_clients_;
};

// Points on the way to an empty state, in the order of the way.
constexpr const char* kFirstPoints[] = {"state.locked", "state.draft_made", "state.schema_step",
                                        "state.draft_whole", "state.draft_named"};

// More of a file than there was, as a write that was cut off leaves it.
void Tear(const DcpProcess& dcp) {
  std::set<fs::path> files;
  for (const auto& file : fs::directory_iterator(dcp.dir() / "state/intake/qdst")) {
    files.insert(file.path());
  }
  std::ofstream(*files.rbegin(), std::ios::app | std::ios::binary) << "DCIB torn";
}

// A last file that a process had only made when it ended.
void LeaveUnmadeFile(const DcpProcess& dcp) {
  WriteFile(dcp.dir() / "state/intake/qdst/999999.log", "");
}

// So many files of differences that one has to go.
void FillDiffFiles(const DcpProcess& dcp) {
  fs::create_directories(dcp.dir() / "state/diffs");
  for (int i = 0; i < 100; ++i) {
    const std::string path = dcp.dir() / absl::StrCat("state/diffs/old", i, ".jsonl");
    WriteFile(path, "");
    fs::last_write_time(path, fs::file_time_type::min());
  }
}

// What has to be so that a run comes to the point.
void PrepareFor(const std::string& point, const DcpProcess& dcp) {
  if (point == "intake.torn_found") Tear(dcp);
  if (point == "intake.unmade_found") LeaveUnmadeFile(dcp);
  if (point == "diff_file.oldest_removed") FillDiffFiles(dcp);
}

// So often it is come to that any time does.
bool IsOften(const std::string& point) {
  return absl::StartsWith(point, "outbox.") || point == "state.begun" || point == "state.written" ||
         point == "state.committed" || point == "state.pair_saved" || point == "intake.append" ||
         point == "intake.written" || point == "intake.synced";
}

TEST_F(CrashTest, DyingAtAnyStepOfAnyWriteChangesNothing) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  std::vector<std::string> points = FaultPoints();
  for (const char* point : kFirstPoints) {
    ASSERT_OK(killed_->dcp->RunToFaultPoint(point));
    ASSERT_EQ(std::erase(points, point), 1u) << point;
  }
  ASSERT_NO_FATAL_FAILURE(BeginTraffic());
  std::shuffle(points.begin(), points.end(), random_);
  ASSERT_GT(points.size(), 20u);
  killed_->dcp->Kill();
  for (const std::string& point : points) {
    PrepareFor(point, *killed_->dcp);
    const uint64_t times = IsOften(point) ? 1 + random_() % 20 : 1;
    const absl::Duration start = Clock::Real().Monotonic();
    ASSERT_OK(killed_->dcp->RunToFaultPoint(absl::StrCat(point, ":", times)));
    std::cerr << point << " " << Clock::Real().Monotonic() - start << "\n";
  }
  ASSERT_OK(killed_->dcp->StartAgain());
  ASSERT_NO_FATAL_FAILURE(EndTraffic());
  ExpectAsIfNothingHadHappened();
}

TEST_F(CrashTest, DyingAtAnyInstantChangesNothing) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  ASSERT_NO_FATAL_FAILURE(BeginTraffic());
  for (int i = 0; i < Kills(); ++i) {
    Pause(absl::Milliseconds(static_cast<int64_t>(random_() % 1500)));
    ASSERT_OK(killed_->dcp->KillAndRestart());
  }
  ASSERT_NO_FATAL_FAILURE(EndTraffic());
  ExpectAsIfNothingHadHappened();
}

}  // namespace
}  // namespace dcp::test
