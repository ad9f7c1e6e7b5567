// The control service, asked over a real connection: what it says, to whom, and what it refuses.
#include "server/control_service.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "proto/control.grpc.pb.h"
#include "server/control_wire.h"
#include "tests/support/eventually.h"

namespace dcp::server {
namespace {

using grpc::StatusCode;
using test::Eventually;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Stub = control::ControlService::Stub;

// What was said, in memory; places before `first` are not kept. Thread-safe.
class Said {
 public:
  void Add(model::SaidAlarm said) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    said.place = static_cast<int64_t>(all_.size()) + 1;
    all_.push_back(std::move(said));
  }
  void ForgetUpTo(int64_t place) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    gone_ = place;
  }
  int64_t newest() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    return static_cast<int64_t>(all_.size());
  }
  int64_t gone() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    return gone_;
  }
  std::vector<model::SaidAlarm> From(int64_t place, size_t most) const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    const auto begin = std::min(static_cast<size_t>(place), all_.size());
    const size_t end = std::min(begin + most, all_.size());
    return {all_.begin() + static_cast<std::ptrdiff_t>(begin),
            all_.begin() + static_cast<std::ptrdiff_t>(end)};
  }

 private:
  mutable Mutex mu_;
  std::vector<model::SaidAlarm> all_ ABSL_GUARDED_BY(mu_);
  int64_t gone_ ABSL_GUARDED_BY(mu_) = 0;
};

class FakeHistory final : public model::AlarmHistory {
 public:
  explicit FakeHistory(const Said& said) : said_(said) {}
  absl::StatusOr<int64_t> Newest() override { return said_.newest(); }
  absl::StatusOr<int64_t> BeforeOldest() override { return said_.gone(); }
  absl::StatusOr<std::vector<model::SaidAlarm>> Read(int64_t place, size_t most,
                                                     size_t most_bytes) override {
    if (place < said_.gone()) return absl::OutOfRangeError("too old");
    std::vector<model::SaidAlarm> page = said_.From(place, most);
    size_t bytes = 0, count = 0;
    while (count < page.size() && bytes < most_bytes) bytes += page[count++].json.size();
    page.resize(count);
    return page;
  }
  std::string CursorOf(const model::SaidAlarm& said) const override {
    return absl::StrCat(said.place);
  }
  absl::StatusOr<std::string> CursorOf(int64_t place) override { return absl::StrCat(place); }
  absl::StatusOr<int64_t> PlaceOf(absl::string_view cursor) override {
    int64_t place = 0;
    if (!absl::SimpleAtoi(cursor, &place)) return absl::InvalidArgumentError("no cursor");
    if (place < said_.gone()) return absl::OutOfRangeError("too old");
    return place;
  }

 private:
  const Said& said_;
};

model::FindingEntry EntryOf(int64_t number) {
  model::FindingEntry entry;
  entry.check = "orders";
  entry.target = "dst";
  entry.state = model::FindingState::kAcknowledged;
  model::FindingRecord& record = entry.record;
  record.number = number;
  record.note.kind = model::DiffKind::kMismatch;
  record.note.table = "shop.orders";
  record.note.key_text = absl::StrCat("shop.orders[", number, "]");
  record.note.columns = {"v", "n"};
  record.note.alarm_id = "a";
  record.note.json = "{}";
  record.first_seen = absl::FromUnixNanos(5);
  record.last_seen = absl::FromUnixNanos(6);
  record.resolved_at = absl::FromUnixNanos(7);
  record.reopened = 2;
  entry.ack = model::FindingAck{number, absl::FromUnixNanos(8), "known"};
  return entry;
}

// What was done at the desk, in words.
struct Desk {
  Mutex mu;
  std::vector<std::string> done ABSL_GUARDED_BY(mu);
  int64_t findings = 3;

  void Note(std::string word) ABSL_LOCKS_EXCLUDED(mu) {
    MutexLock lock(mu);
    done.push_back(std::move(word));
  }
  std::vector<std::string> Done() ABSL_LOCKS_EXCLUDED(mu) {
    MutexLock lock(mu);
    return done;
  }
};

class FakeDesk final : public model::FindingDesk {
 public:
  FakeDesk(Desk& desk, bool writes) : desk_(desk), writes_(writes) {}
  absl::Status List(const model::FindingFilter& filter, absl::Time,
                    const std::function<bool(const model::FindingEntry&)>& take) override {
    for (int64_t n = filter.after + 1; n <= desk_.findings; ++n) {
      if (!take(EntryOf(n))) break;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<model::FindingEntry>> Find(const std::string& name,
                                                        absl::Time) override {
    if (name != "2") return absl::NotFoundError("there is no finding");
    return std::vector<model::FindingEntry>{EntryOf(2)};
  }
  absl::Status Acknowledge(const model::FindingAck& ack) override {
    return Do(absl::StrCat("ack ", ack.finding, " ", ack.note));
  }
  absl::Status IgnoreFinding(int64_t number, std::optional<absl::Time> until,
                             const std::string& note, absl::Time) override {
    return Do(absl::StrCat("ignore ", number, " ", ToNanos(until) != 0, " ", note));
  }
  absl::Status TakeBackAck(int64_t number) override { return Do(absl::StrCat("undo ", number)); }
  absl::StatusOr<std::vector<model::IgnoreRule>> Rules() override {
    model::IgnoreRule rule;
    rule.number = 4;
    rule.table = "shop.*";
    return std::vector<model::IgnoreRule>{rule};
  }
  absl::StatusOr<int64_t> AddRule(const model::IgnoreRule& rule) override {
    DCP_RETURN_IF_ERROR(Do(absl::StrCat("rule ", rule.table)));
    return 9;
  }
  absl::Status RemoveRule(int64_t number) override { return Do(absl::StrCat("remove ", number)); }

 private:
  absl::Status Do(const std::string& word) {
    if (!writes_) return absl::InternalError("opened to read");
    desk_.Note(word);
    return absl::OkStatus();
  }

  Desk& desk_;
  const bool writes_;
};

class FakeProofs final : public model::ProofSource {
 public:
  absl::StatusOr<std::vector<model::ProofMark>> TakeMarks(
      const model::MarkRequest& request) override {
    ++entered_;
    MutexLock lock(held_);  // a source that does not answer
    if (request.check != "orders") return absl::NotFoundError("there is no such check");
    return std::vector<model::ProofMark>{
        {"orders", "dst", 3, 10, request.barrier.value_or(request.gtid.empty() ? 12 : 14)}};
  }
  absl::StatusOr<model::Proof> Prove(const model::ProofMark& mark) override {
    return model::Proof{.epoch = mark.epoch,
                        .said_to = mark.goal,
                        .open_findings = 1,
                        .same = 2,
                        .diff = 3,
                        .unverified = 4,
                        .covered_from = 5,
                        .covered_to = 6,
                        .unverified_from = 7,
                        .unverified_to = 8,
                        .unverified_reason = "gap",
                        .verified_since = 9};
  }
  Mutex held_;
  std::atomic<int> entered_{0};
};

class FakeStatus final : public model::StatusSource {
 public:
  model::DaemonStatus Status() const override {
    model::DaemonStatus status;
    status.version = "1.2.3";
    return status;
  }
};

// By the token, which is the name of a role.
class RoleGate final : public CallGate {
 public:
  grpc::Status Admit(const grpc::CallbackServerContext& call, model::Role role) const override {
    const auto token = call.client_metadata().find("authorization");
    if (token == call.client_metadata().end()) return grpc::Status::OK;
    const std::string given(token->second.data(), token->second.size());
    if (given == "Bearer admin" || (given == "Bearer read" && role == model::Role::kRead)) {
      return grpc::Status::OK;
    }
    if (given == "Bearer read") return {StatusCode::PERMISSION_DENIED, "not for this"};
    return {StatusCode::UNAUTHENTICATED, "who are you"};
  }
};

class ControlServiceTest : public ::testing::Test {
 protected:
  void TearDown() override {
    service_->Stop();
    server_->Shutdown();
    server_->Wait();
  }
  void SetUp() override { Start({}); }

  void Start(const ControlService::Options& options) {
    if (service_ != nullptr) TearDown();
    ControlService::Parts parts;
    parts.status = &status_;
    parts.proofs = &proofs_;
    parts.open_desk = [this](bool writes) -> absl::StatusOr<std::unique_ptr<model::FindingDesk>> {
      return std::make_unique<FakeDesk>(desk_, writes);
    };
    parts.open_history = [this]() -> absl::StatusOr<std::unique_ptr<model::AlarmHistory>> {
      return std::make_unique<FakeHistory>(said_);
    };
    parts.gate = &gate_;
    parts.clock = &Clock::Real();
    service_ = std::make_unique<ControlService>(options, std::move(parts));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    channel_ =
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
    stub_ = control::ControlService::NewStub(channel_);
  }

  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response, const std::string& token = "") {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    return ((*stub_).*method)(&context, request, response);
  }

  // Says alarms `from` to `to`, of `bytes` each.
  void Say(int from, int to, size_t bytes = 10) {
    for (int n = from; n <= to; ++n) {
      model::SaidAlarm said;
      said.type = n % 10 == 0 ? model::AlarmType::kSame : model::AlarmType::kDiff;
      said.quiet = n % 10 == 5;
      said.id = absl::StrCat("id", n);
      said.check = n % 2 == 0 ? "even" : "odd";
      said.target = "dst";
      said.text = absl::StrCat("text ", n);
      said.json = std::string(bytes, 'x');
      said_.Add(std::move(said));
    }
    service_->Notify();
  }

  // One call of Watch.
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<control::WatchResponse>> reader;
    std::string cursor;

    // The ids of the next `count` alarms.
    std::vector<std::string> Next(size_t count) {
      std::vector<std::string> ids;
      control::WatchResponse response;
      while (ids.size() < count && reader->Read(&response)) {
        cursor = response.cursor();
        if (response.has_alarm()) ids.push_back(response.alarm().id());
      }
      return ids;
    }
    grpc::Status End() {
      control::WatchResponse rest;
      while (reader->Read(&rest)) {
      }
      return reader->Finish();
    }
  };
  std::unique_ptr<Watch> BeginWatch(const control::WatchRequest& request) {
    auto watch = std::make_unique<Watch>();
    watch->reader = stub_->Watch(&watch->context, request);
    return watch;
  }
  static control::WatchRequest Oldest() {
    control::WatchRequest request;
    request.set_begin(control::WatchRequest::BEGIN_OLDEST);
    return request;
  }
  static control::WatchRequest After(const std::string& cursor) {
    control::WatchRequest request;
    request.set_cursor(cursor);
    return request;
  }
  grpc::Status RefusalOf(const control::WatchRequest& request) {
    return BeginWatch(request)->End();
  }

  FakeStatus status_;
  FakeProofs proofs_;
  Desk desk_;
  Said said_;
  RoleGate gate_;
  std::unique_ptr<ControlService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(ControlServiceTest, StatusIsThatOfHttp) {
  control::StatusResponse response;
  ASSERT_TRUE(Call(&Stub::Status, control::StatusRequest(), &response).ok());
  EXPECT_THAT(response.json(), HasSubstr("\"version\": \"1.2.3\""));
}

TEST_F(ControlServiceTest, AFindingComesWithAllItsParts) {
  control::FindFindingsRequest request;
  request.set_name("2");
  control::FindFindingsResponse response;
  ASSERT_TRUE(Call(&Stub::FindFindings, request, &response).ok());
  ASSERT_EQ(response.findings_size(), 1);
  const auto back = FromWire(response.findings(0));
  ASSERT_TRUE(back.ok());
  const model::FindingEntry wanted = EntryOf(2);
  EXPECT_EQ(back->check, wanted.check);
  EXPECT_EQ(back->target, wanted.target);
  EXPECT_EQ(back->state, wanted.state);
  EXPECT_EQ(back->record.number, 2);
  EXPECT_EQ(back->record.note, wanted.record.note);
  EXPECT_EQ(back->record.first_seen, wanted.record.first_seen);
  EXPECT_EQ(back->record.last_seen, wanted.record.last_seen);
  EXPECT_EQ(back->record.resolved_at, wanted.record.resolved_at);
  EXPECT_EQ(back->record.reopened, 2u);
  ASSERT_TRUE(back->ack.has_value());
  EXPECT_EQ(back->ack->at, wanted.ack->at);
  EXPECT_EQ(back->ack->note, "known");
}

TEST_F(ControlServiceTest, ARuleAndAProofComeWithAllTheirParts) {
  model::IgnoreRule rule;
  rule.number = 1;
  rule.check = "c";
  rule.target = "t";
  rule.table = "a.b";
  rule.key_text = "k";
  rule.column = "col";
  rule.until = absl::FromUnixNanos(2);
  rule.note = "n";
  rule.at = absl::FromUnixNanos(3);
  EXPECT_EQ(FromWire(ToWire(rule)), rule);

  control::ProveRequest request;
  *request.mutable_mark() = ToWire(model::ProofMark{"orders", "dst", 3, 10, 12});
  control::ProveResponse response;
  ASSERT_TRUE(Call(&Stub::Prove, request, &response).ok());
  const model::Proof proof = FromWire(response);
  EXPECT_EQ(proof.epoch, 3u);
  EXPECT_EQ(proof.said_to, 12u);
  EXPECT_THAT((std::vector<uint64_t>{proof.open_findings, proof.same, proof.diff, proof.unverified,
                                     proof.covered_from, proof.covered_to, proof.unverified_from,
                                     proof.unverified_to, proof.verified_since}),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(proof.unverified_reason, "gap");
}

TEST_F(ControlServiceTest, FindingsComeInPages) {
  ControlService::Options options;
  options.page_findings = 2;
  Start(options);
  control::ListFindingsRequest request;
  control::ListFindingsResponse page;
  ASSERT_TRUE(Call(&Stub::ListFindings, request, &page).ok());
  EXPECT_EQ(page.findings_size(), 2);
  EXPECT_FALSE(page.complete());
  request.set_after(page.through());
  ASSERT_TRUE(Call(&Stub::ListFindings, request, &page).ok());
  EXPECT_EQ(page.findings_size(), 1);
  EXPECT_TRUE(page.complete());
}

TEST_F(ControlServiceTest, MarksAreMadeAtTheDesk) {
  control::AcknowledgeRequest ack;
  ack.set_number(7);
  ack.set_note("why");
  control::AcknowledgeResponse acked;
  EXPECT_TRUE(Call(&Stub::Acknowledge, ack, &acked).ok());
  ack.set_undo(true);
  EXPECT_TRUE(Call(&Stub::Acknowledge, ack, &acked).ok());
  control::IgnoreRequest ignore;
  control::IgnoreResponse ignored;
  EXPECT_EQ(Call(&Stub::Ignore, ignore, &ignored).error_code(), StatusCode::INVALID_ARGUMENT);
  ignore.mutable_rule()->set_table("shop.*");
  EXPECT_TRUE(Call(&Stub::Ignore, ignore, &ignored).ok());
  EXPECT_EQ(ignored.rule(), 9);
  ignore.set_number(8);
  EXPECT_TRUE(Call(&Stub::Ignore, ignore, &ignored).ok());
  ignore.mutable_rule()->set_until(1);  // long ago
  EXPECT_EQ(Call(&Stub::Ignore, ignore, &ignored).error_code(), StatusCode::INVALID_ARGUMENT);
  control::RemoveRuleRequest remove;
  remove.set_number(4);
  control::RemoveRuleResponse removed;
  EXPECT_TRUE(Call(&Stub::RemoveRule, remove, &removed).ok());
  EXPECT_THAT(desk_.Done(),
              ElementsAre("ack 7 why", "undo 7", "rule shop.*", "ignore 8 0 ", "remove 4"));
}

TEST_F(ControlServiceTest, EveryCallHasItsRole) {
  const auto code = [&](auto method, auto request, auto response, const std::string& token) {
    return Call(method, request, &response, token).error_code();
  };
  const auto codes = [&](const std::string& token) {
    control::IgnoreRequest ignore;
    ignore.set_number(1);
    return std::vector<StatusCode>{
        code(&Stub::Status, control::StatusRequest(), control::StatusResponse(), token),
        code(&Stub::ListFindings, control::ListFindingsRequest(), control::ListFindingsResponse(),
             token),
        code(&Stub::ListRules, control::ListRulesRequest(), control::ListRulesResponse(), token),
        code(&Stub::Prove, control::ProveRequest(), control::ProveResponse(), token),
        code(&Stub::Acknowledge, control::AcknowledgeRequest(), control::AcknowledgeResponse(),
             token),
        code(&Stub::Ignore, ignore, control::IgnoreResponse(), token),
        code(&Stub::RemoveRule, control::RemoveRuleRequest(), control::RemoveRuleResponse(),
             token)};
  };
  EXPECT_THAT(codes("admin"), ::testing::Each(StatusCode::OK));
  EXPECT_THAT(codes("wrong"), ::testing::Each(StatusCode::UNAUTHENTICATED));
  EXPECT_THAT(codes("read"),
              ElementsAre(StatusCode::OK, StatusCode::OK, StatusCode::OK, StatusCode::OK,
                          StatusCode::PERMISSION_DENIED, StatusCode::PERMISSION_DENIED,
                          StatusCode::PERMISSION_DENIED));
  Watch watch;
  watch.context.AddMetadata("authorization", "Bearer wrong");
  watch.reader = stub_->Watch(&watch.context, Oldest());
  EXPECT_EQ(watch.End().error_code(), StatusCode::UNAUTHENTICATED);
}

TEST_F(ControlServiceTest, AMarkIsOfWhatIsAskedFor) {
  control::TakeMarkRequest request;
  control::TakeMarkResponse response;
  EXPECT_EQ(Call(&Stub::TakeMark, request, &response).error_code(), StatusCode::NOT_FOUND);
  request.set_check("orders");
  ASSERT_TRUE(Call(&Stub::TakeMark, request, &response).ok());
  EXPECT_EQ(response.marks(0).goal(), 12u);
  EXPECT_EQ(response.marks(0).epoch(), 3u);
  EXPECT_EQ(response.marks(0).from(), 10u);
  request.set_barrier(77);
  ASSERT_TRUE(Call(&Stub::TakeMark, request, &response).ok());
  EXPECT_EQ(response.marks(0).goal(), 77u);
  request.set_gtid("g");
  EXPECT_EQ(Call(&Stub::TakeMark, request, &response).error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ControlServiceTest, WhatIsTooMuchIsRefused) {
  control::AcknowledgeRequest ack;
  control::AcknowledgeResponse acked;
  ack.set_note(std::string(5000, 'x'));
  EXPECT_THAT(Call(&Stub::Acknowledge, ack, &acked).error_message(), HasSubstr("5000 bytes"));
  ack.set_note(std::string(100'000, 'x'));
  EXPECT_EQ(Call(&Stub::Acknowledge, ack, &acked).error_code(), StatusCode::INVALID_ARGUMENT);
  control::ListFindingsRequest list;
  list.add_states("wrong");
  control::ListFindingsResponse listed;
  EXPECT_EQ(Call(&Stub::ListFindings, list, &listed).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(desk_.Done(), IsEmpty());
}

// A name that is not UTF-8, and bytes that are no message at all.
TEST_F(ControlServiceTest, BytesThatAreNoMessageAreRefusedAndOthersServed) {
  grpc::GenericStub generic(channel_);
  // The name and the cursor are the fields 1 and 2.
  for (const std::string& bytes :
       {std::string("\x0a\x02\xff\xfe\x12\x02\xff\xfe"), std::string("\xff\xff\xff")}) {
    for (const char* method : {"FindFindings", "Watch"}) {
      grpc::ClientContext context;
      context.set_deadline(
          gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(60, GPR_TIMESPAN)));
      grpc::CompletionQueue queue;
      const grpc::Slice slice(bytes);
      const auto call =
          generic.PrepareUnaryCall(&context, absl::StrCat("/dcp.control.ControlService/", method),
                                   grpc::ByteBuffer(&slice, 1), &queue);
      call->StartCall();
      grpc::ByteBuffer answer;
      grpc::Status status;
      call->Finish(&answer, &status, nullptr);
      void* tag = nullptr;
      bool ok = false;
      ASSERT_TRUE(queue.Next(&tag, &ok));
      EXPECT_NE(status.error_code(), StatusCode::OK) << method;
      EXPECT_NE(status.error_code(), StatusCode::DEADLINE_EXCEEDED) << method;
    }
  }
  control::StatusResponse response;
  EXPECT_TRUE(Call(&Stub::Status, control::StatusRequest(), &response).ok());
}

TEST_F(ControlServiceTest, ASourceThatDoesNotAnswerHoldsUpOnlyItsCallers) {
  ControlService::Options options;
  options.max_waiting = 2;
  Start(options);
  std::vector<std::thread> callers;
  Mutex mu;
  int refused = 0;
  {
    MutexLock hold(proofs_.held_);
    for (int i = 0; i < 8; ++i) {
      // The first one runs before others come.
      if (i == 1) {
        EXPECT_TRUE(Eventually([&] { return proofs_.entered_ == 1; }));
      }
      callers.emplace_back([&] {
        control::TakeMarkRequest request;
        request.set_check("orders");
        control::TakeMarkResponse response;
        const grpc::Status status = Call(&Stub::TakeMark, request, &response);
        MutexLock lock(mu);
        if (status.error_code() == StatusCode::RESOURCE_EXHAUSTED) ++refused;
      });
    }
    EXPECT_TRUE(Eventually([&] {
      MutexLock lock(mu);
      return refused == 5;  // one runs, two wait
    }));
    control::StatusResponse response;
    EXPECT_TRUE(Call(&Stub::Status, control::StatusRequest(), &response).ok());
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(refused, 5);
}

TEST_F(ControlServiceTest, AWatcherGetsWhatIsToldFromItsBeginning) {
  Say(1, 4);
  const auto from_now = BeginWatch({});
  control::WatchResponse hello;
  ASSERT_TRUE(from_now->reader->Read(&hello));
  EXPECT_EQ(hello.cursor(), "4");
  EXPECT_FALSE(hello.has_alarm());
  const auto from_oldest = BeginWatch(Oldest());
  EXPECT_THAT(from_oldest->Next(4), ElementsAre("id1", "id2", "id3", "id4"));
  Say(6, 7);
  EXPECT_THAT(from_now->Next(2), ElementsAre("id6", "id7"));
  EXPECT_THAT(from_oldest->Next(2), ElementsAre("id6", "id7"));
  from_now->context.TryCancel();
  from_oldest->context.TryCancel();
  EXPECT_TRUE(Eventually([&] { return service_->watchers() == 0; }));
}

TEST_F(ControlServiceTest, AWatcherGoesOnBehindItsCursorWithoutAGap) {
  std::vector<std::string> seen;
  std::string cursor = "0";
  Say(1, 4);
  for (int round = 0; round < 5; ++round) {
    const auto watch = BeginWatch(After(cursor));
    for (std::string& id : watch->Next(3)) seen.push_back(std::move(id));
    cursor = watch->cursor;
    watch->context.TryCancel();
    Say(21 + 6 * round, 26 + 6 * round);
  }
  ASSERT_THAT(seen, SizeIs(15));
  for (size_t i = 0; i < seen.size(); ++i) {
    const auto said = said_.From(0, 100);
    std::vector<std::string> wanted;
    for (const auto& one : said) {
      if (one.type != model::AlarmType::kSame && !one.quiet) wanted.push_back(one.id);
    }
    EXPECT_EQ(seen[i], wanted[i]);
  }
}

TEST_F(ControlServiceTest, AWatcherGetsWhatItAskedFor) {
  Say(1, 12);
  control::WatchRequest request = Oldest();
  EXPECT_THAT(BeginWatch(request)->Next(10),
              ElementsAre("id1", "id2", "id3", "id4", "id6", "id7", "id8", "id9", "id11", "id12"));
  request.add_checks("odd");
  EXPECT_THAT(BeginWatch(request)->Next(5), ElementsAre("id1", "id3", "id7", "id9", "id11"));
  // Who takes every verdict gets those that are not for people, as a sink does.
  request.add_types("same");
  request.add_types("diff");
  EXPECT_THAT(BeginWatch(request)->Next(6), ElementsAre("id1", "id3", "id5", "id7", "id9", "id11"));
}

TEST_F(ControlServiceTest, WhoPassesOverManyIsToldHowFar) {
  control::WatchRequest request = Oldest();
  request.add_checks("none");
  const auto watch = BeginWatch(request);
  control::WatchResponse response;
  ASSERT_TRUE(watch->reader->Read(&response));
  Say(1, 1500);
  ASSERT_TRUE(watch->reader->Read(&response));
  EXPECT_FALSE(response.has_alarm());
  int64_t place = 0;
  ASSERT_TRUE(absl::SimpleAtoi(response.cursor(), &place));
  EXPECT_GE(place, 1000);
}

TEST_F(ControlServiceTest, ACursorThatIsTooOldOrNoneIsSaid) {
  Say(1, 9);
  said_.ForgetUpTo(5);
  EXPECT_EQ(RefusalOf(After("4")).error_code(), StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(RefusalOf(After(std::string(60'000, '9'))).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(RefusalOf(After(std::string(100'000, '9'))).error_code(), StatusCode::INVALID_ARGUMENT);
  control::WatchRequest both = Oldest();
  both.set_cursor("6");
  EXPECT_EQ(RefusalOf(both).error_code(), StatusCode::INVALID_ARGUMENT);
  control::WatchRequest type = Oldest();
  type.add_types("wrong");
  EXPECT_EQ(RefusalOf(type).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(BeginWatch(After("6"))->Next(3), ElementsAre("id7", "id8", "id9"));
}

TEST_F(ControlServiceTest, AWatcherThatWasOvertakenIsTold) {
  Say(1, 2);
  const auto watch = BeginWatch(Oldest());
  EXPECT_THAT(watch->Next(2), SizeIs(2));
  Say(6, 9);  // it gets these, or they are gone
  EXPECT_THAT(watch->Next(1), SizeIs(1));
  said_.ForgetUpTo(1'000'000);
  Say(11, 11);
  EXPECT_EQ(watch->End().error_code(), StatusCode::OUT_OF_RANGE);
}

TEST_F(ControlServiceTest, AThousandWatchersAreBoundedAndTheRestIsRefused) {
  ControlService::Options options;
  options.watch.max_watchers = 50;
  Start(options);
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < 1000; ++i) watches.push_back(BeginWatch(Oldest()));
  EXPECT_TRUE(Eventually([&] { return service_->watchers() == 50; }));
  Say(1, 3);
  size_t served = 0, refused = 0;
  for (const auto& watch : watches) {
    if (watch->Next(3).size() == 3) {
      ++served;
      continue;
    }
    const grpc::Status status = watch->reader->Finish();
    EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
    ++refused;
  }
  EXPECT_EQ(served, 50u);
  EXPECT_EQ(refused, 950u);
}

TEST_F(ControlServiceTest, AWatcherThatDoesNotReadHoldsUpNobodyAndIsCutOff) {
  ControlService::Options options;
  options.watch.patience = absl::Seconds(1);
  Start(options);
  const auto slow = BeginWatch(Oldest());
  control::WatchResponse hello;
  ASSERT_TRUE(slow->reader->Read(&hello));
  const auto quick = BeginWatch(Oldest());
  Say(1, 400, 100'000);  // 36 MB for each
  EXPECT_THAT(quick->Next(320), SizeIs(320));
  EXPECT_TRUE(Eventually([&] { return service_->watchers() == 1; }));
  const grpc::Status status = slow->End();
  EXPECT_TRUE(status.error_code() == StatusCode::RESOURCE_EXHAUSTED ||
              status.error_code() == StatusCode::CANCELLED)
      << status.error_code();
  Say(401, 402);
  EXPECT_THAT(quick->Next(2), ElementsAre("id401", "id402"));
}

TEST_F(ControlServiceTest, StoppingEndsAllCalls) {
  Say(1, 2);
  const auto watch = BeginWatch(Oldest());
  EXPECT_THAT(watch->Next(2), SizeIs(2));
  service_->Stop();
  EXPECT_EQ(watch->End().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(RefusalOf(Oldest()).error_code(), StatusCode::UNAVAILABLE);
  control::StatusResponse response;
  EXPECT_FALSE(Call(&Stub::Status, control::StatusRequest(), &response).ok());
}

}  // namespace
}  // namespace dcp::server
