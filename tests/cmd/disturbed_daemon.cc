#include "tests/cmd/disturbed_daemon.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/grpc/intake_log.h"
#include "collector/grpc/intake_reader.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/said.h"
#include "tests/servers/process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using Call = ResendingClient::Call;

// --- what is pushed ---

// Messages of a segment, the barrier among them.
constexpr uint64_t kPerSegment = 20;
constexpr size_t kEnoughSaid = 20;  // to be compared, of each check
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

// It takes alarms by webhook, and as an Alertmanager does.
std::string AlarmsToml(const alarm::Receiver& receiver, const std::string& small_file) {
  return absl::StrCat(
      "[[alarm]]\ntype = \"webhook\"\nurl = \"", receiver.Url(),
      "\"\ntypes = [\"diff\", \"unverified\", \"resolved\"]\nmin_interval = \"0s\"\n",
      "[[alarm]]\ntype = \"alertmanager\"\nurl = \"http://127.0.0.1:", receiver.port(),
      "\"\n[[alarm]]\ntype = \"file\"\npath = \"", small_file, "\"\nmax_size = \"4KiB\"\n");
}

}  // namespace

Subject::Subject(const std::string& more)
    : address(FreeAddress()),
      receiver(scratch.path(), {"--poison", "none"}),
      dcp(DcpProcess::Prepare(absl::StrCat(GrpcToml(address), kPushedChecks,
                                           AlarmsToml(receiver, scratch.path() + "/small"),
                                           more))) {}

std::vector<std::string> Subject::Delivered() const {
  std::vector<std::string> ids;
  std::set<std::string> known;
  for (const auto& taken : receiver.Taken()) {
    if (taken["path"] != "/hook") continue;
    const std::string id = taken["key"];
    if (!known.insert(id).second) continue;
    ids.push_back(id);
    ParseAlarm(taken["body"]);
  }
  return ids;
}

Clients::Clients(const std::string& address) {
  Add(address, "psrc", Call::kPush, false, true);
  Add(address, "pdst", Call::kPush, true, true);
  Add(address, "qsrc", Call::kPush, false, false);
  Add(address, "qdst", Call::kProcess, true, false);
}

uint64_t Clients::sent() const {
  uint64_t sent = 0;
  for (const auto& client : clients_) sent = std::max(sent, client->sent());
  return sent;
}

void Clients::Reconnect() {
  for (const auto& client : clients_) client->Reconnect();
}

void Clients::FinishAt(uint64_t segment) {
  for (const auto& client : clients_) {
    EXPECT_TRUE(client->FinishAt((segment - 1) * kPerSegment + 1)) << client->acknowledged();
  }
}

void Clients::Add(const std::string& address, const std::string& tag, Call call, bool is_target,
                  bool has_fat) {
  clients_.push_back(std::make_unique<ResendingClient>(ResendingClient::Options{
      .address = address, .tag = tag, .call = call, .message = [=](uint64_t number) {
        return PushedMessage(tag, is_target, has_fat, number);
      }}));
}

ManyRows::ManyRows(ReplicaPair& pair) : pair_(pair) {
  std::string rows = "(100, 0)";
  for (int id = 101; id < 260; ++id) absl::StrAppend(&rows, ", (", id, ", 0)");
  EXPECT_OK(pair_.source().Execute("INSERT INTO shop.orders VALUES " + rows));
  EXPECT_OK(pair_.WaitForReplica());
  thread_ = std::thread([this] { Run(); });
}

ManyRows::~ManyRows() {
  stop_ = true;
  thread_.join();
}

void ManyRows::Run() {
  for (int round = 1; !stop_; ++round) {
    Update(pair_.replica(), -round);
    Pause(absl::Milliseconds(350));
    Update(pair_.source(), round);
    Pause(absl::Milliseconds(350));
  }
}

void ManyRows::Update(MysqlServer& server, int value) {
  server
      .Execute(absl::StrCat("UPDATE shop.orders SET v = ", value, " WHERE id BETWEEN 100 AND 260"))
      .IgnoreError();
}

void DisturbedDaemonTest::SetUp() {
  ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(Flavour::kMysql97)));
  ASSERT_OK(MakeOrders(*pair_));
  ASSERT_OK(LetReplicaDiffer(*pair_, Flavour::kMysql97));
  calm_.emplace(absl::StrCat(BarrierToml(pair_->source()), Servers(4401)));
  // It writes a row of its own, which cuts nothing.
  disturbed_.emplace(absl::StrCat(BarrierToml(pair_->source(), 2), Servers(4411)));
  ASSERT_OK(calm_->dcp->StartAgain());
}

std::string DisturbedDaemonTest::Servers(int server_id) {
  return absl::StrCat(CollectorToml("source", server_id, pair_->source(), {{.tag = "src"}}),
                      CollectorToml("replica", server_id + 1, pair_->replica(), {{.tag = "dst"}}),
                      CheckToml("orders", "src", "dst", "confirm = false\nbarrier_id = 1\n"));
}

void DisturbedDaemonTest::BeginTraffic() {
  ASSERT_OK(disturbed_->dcp->StartAgain());
  for (Subject* subject : {&*calm_, &*disturbed_}) {
    ASSERT_OK(subject->dcp->Await(
        [](const Alarm& a) { return a["check"] == "orders" && a["type"] == "same"; }));
  }
  writers_.emplace(*pair_, seed_);
  many_rows_.emplace(*pair_);
  calm_clients_.emplace(calm_->address);
  disturbed_clients_.emplace(disturbed_->address);
}

void DisturbedDaemonTest::EndTraffic() {
  const auto enough = [&] {
    return LastBarrier(calm_->dcp->alarms(), "orders") > 30 &&
           AmountSaid(*disturbed_->dcp, "orders") > kEnoughSaid &&
           AmountSaid(*disturbed_->dcp, "pushed") > kEnoughSaid &&
           disturbed_clients_->sent() > 25 * kPerSegment;
  };
  EXPECT_TRUE(Eventually(enough, absl::Seconds(120))) << "there is little to compare";
  many_rows_.reset();
  writers_->Stop();
  const uint64_t last =
      SegmentOfNumber(std::max(calm_clients_->sent(), disturbed_clients_->sent())) + 10;
  for (auto* clients : {&*calm_clients_, &*disturbed_clients_}) clients->FinishAt(last);
  ASSERT_OK_AND_ASSIGN(const std::string offset,
                       pair_->source().QueryValue("SELECT `offset` FROM drc.barrier WHERE id = 1"));
  uint64_t barrier = 0;
  ASSERT_TRUE(absl::SimpleAtoi(offset, &barrier));
  for (Subject* subject : {&*calm_, &*disturbed_}) {
    // Some segments before the end may stay open.
    AwaitVerdict(*subject, "orders", barrier + 1);
    AwaitVerdict(*subject, "pushed", last - 5);
    AwaitVerdict(*subject, "processed", last - 5);
    AwaitDelivered(*subject);  // the end of a daemon does not wait for all of it
    ASSERT_OK_AND_ASSIGN(const int status, subject->dcp->Stop());
    EXPECT_EQ(status, 0) << subject->dcp->log();
  }
}

void DisturbedDaemonTest::AwaitVerdict(Subject& subject, const std::string& check, uint64_t to) {
  const auto reached = [&](const Alarm& alarm) {
    return IsVerdict(alarm) && alarm["check"] == check && BarrierOf(alarm, "to") >= to;
  };
  ASSERT_OK(subject.dcp->Await(reached, 0, absl::Seconds(120))) << check << " up to " << to;
}

void DisturbedDaemonTest::AwaitDelivered(const Subject& subject) {
  std::set<std::string> ids;
  for (const Alarm& alarm : subject.dcp->alarms()) {
    if (alarm["type"] != "same" && alarm["type"] != "timeout") ids.insert(alarm["id"]);
  }
  const auto delivered = [&] {
    Pause(absl::Milliseconds(50));
    return subject.Delivered().size() >= ids.size();
  };
  EXPECT_TRUE(Eventually(delivered)) << subject.Delivered().size() << " of " << ids.size();
}

void DisturbedDaemonTest::ExpectAsIfNothingHadHappened() {
  EXPECT_GT(ExpectTheSameSaid(*calm_->dcp, *disturbed_->dcp, "orders"), kEnoughSaid);
  EXPECT_GT(ExpectTheSameSaid(*calm_->dcp, *disturbed_->dcp, "pushed"), kEnoughSaid);
  ExpectProcessedIsRight();
  ExpectDelivered();
  ExpectProcessedIsKept();
  if (HasFailure()) std::cerr << disturbed_->dcp->log();
}

void DisturbedDaemonTest::ExpectProcessedIsRight() {
  std::map<Segment, const Alarm*> calm;
  const std::vector<Alarm> expected = VerdictsOf(*calm_), said = VerdictsOf(*disturbed_);
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

DisturbedDaemonTest::Segment DisturbedDaemonTest::SegmentOf(const Alarm& alarm) {
  return {BarrierOf(alarm, "from"), BarrierOf(alarm, "to")};
}

bool DisturbedDaemonTest::HasNew(const Alarm& alarm) {
  return alarm["type"] == "diff" && alarm["diff_count"].get<int>() > 0;
}

std::vector<Alarm> DisturbedDaemonTest::VerdictsOf(const Subject& subject) {
  std::vector<Alarm> verdicts;
  std::set<std::string> ids;
  for (Alarm& alarm : subject.dcp->alarms()) {
    const bool wanted = IsVerdict(alarm) && alarm["check"] == "processed";
    if (wanted && ids.insert(alarm["id"]).second) verdicts.push_back(std::move(alarm));
  }
  return verdicts;
}

void DisturbedDaemonTest::ExpectDelivered() {
  for (const Subject* subject : {&*calm_, &*disturbed_}) {
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

void DisturbedDaemonTest::ExpectProcessedIsKept() {
  ASSERT_OK_AND_ASSIGN(
      const auto log,
      collector::IntakeLog::Open({.directory = disturbed_->dcp->dir() / "state/intake/qdst"}));
  collector::IntakeReader reader(*log, log->first());
  uint64_t held = 0;
  for (auto block = reader.Next();; block = reader.Next()) {
    ASSERT_OK(block);
    if (!block->has_value()) break;
    for (const collector::IntakeEntry& entry : (*block)->body.entries) {
      if (entry.kind != collector::EntryKind::kMessage) continue;
      Message message;
      ASSERT_TRUE(message.ParseFromArray(entry.bytes.data(), static_cast<int>(entry.bytes.size())));
      if (held == 0) held = NumberOf(message) - 1;  // what stands before is forgotten
      ASSERT_LE(NumberOf(message), held + 1) << "a message is missing before " << message.id();
      held = std::max(held, NumberOf(message));
    }
  }
  EXPECT_GE(held, disturbed_clients_->acknowledged_by_process());
}

uint64_t DisturbedDaemonTest::NumberOf(const Message& message) {
  uint64_t segment = 0, place = 0;
  const std::vector<std::string> parts = absl::StrSplit(message.id(), ':');
  EXPECT_TRUE(parts.size() == 3 && absl::SimpleAtoi(parts[1], &segment) &&
              absl::SimpleAtoi(parts[2], &place));
  return (segment - 1) * kPerSegment + place + 1;
}

}  // namespace dcp::test
