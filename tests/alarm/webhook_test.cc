// Webhooks, to a receiver that behaves badly.
#include <arpa/inet.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "alarm/dispatcher.h"
#include "alarm/hmac.h"
#include "alarm/webhook_sink.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/receiver.h"
#include "tests/support/eventually.h"
#include "tests/support/memory_outbox.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::alarm {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::IsOk;
using ::dcp::test::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kSecret[] = "s3cret";

class WebhookTest : public ::testing::Test {
 protected:
  void SetUp() override { signal(SIGPIPE, SIG_IGN); }

  static WebhookSink::Options To(const std::string& url) {
    return {.http = {.url = url,
                     .connect_timeout = absl::Seconds(5),
                     .timeout = absl::Milliseconds(200)},
            .secret = kSecret};
  }
  std::unique_ptr<WebhookSink> Make(WebhookSink::Options options) {
    auto sink = WebhookSink::Create(std::move(options), Clock::Real());
    EXPECT_OK(sink);
    return sink.ok() ? *std::move(sink) : nullptr;
  }
  static Alarm One() {
    static const FakeRenderer renderer;
    return MakeAlarms(Diff({Missing()}), renderer).front();
  }
  absl::Status DeliverTo(const std::vector<std::string>& arguments) {
    Receiver receiver(dir_.path(), arguments);
    absl::Status status = Make(To(receiver.Url()))->Deliver(One());
    taken_ = receiver.Taken();
    return status;
  }

  const test::TestDir dir_{"dcp-test-alarm"};
  std::vector<nlohmann::json> taken_;
};

TEST_F(WebhookTest, HmacIsTheOneOfRfc4231) {
  EXPECT_EQ(HmacSha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_F(WebhookTest, SendsTheAlarmSignedAndWithItsKey) {
  EXPECT_OK(DeliverTo({"--secret", kSecret}));
  ASSERT_THAT(taken_, SizeIs(1));
  EXPECT_EQ(taken_[0]["body"], One().json);
  EXPECT_EQ(taken_[0]["key"], One().id);
  EXPECT_EQ(taken_[0]["signed"], true);
  EXPECT_EQ(taken_[0]["path"], "/hook");
  EXPECT_EQ(taken_[0]["headers"]["content-type"], "application/json");
}

TEST_F(WebhookTest, TheSignatureIsOfThisSecretAlone) {
  EXPECT_OK(DeliverTo({"--secret", "another"}));
  EXPECT_EQ(taken_.at(0)["signed"], false);
}

TEST_F(WebhookTest, HeadersAndTemplateAreSent) {
  Receiver receiver(dir_.path(), {});
  WebhookSink::Options options = To(receiver.Url());
  options.headers = {"Authorization: Bearer t"};
  options.body_template = R"({"text":"{{text}}"})";
  EXPECT_OK(Make(options)->Deliver(One()));
  const auto taken = receiver.Taken().at(0);
  EXPECT_EQ(taken["headers"]["authorization"], "Bearer t");
  EXPECT_EQ(nlohmann::json::parse(taken["body"].get<std::string>())["text"], One().text);
}

TEST_F(WebhookTest, Only2xxIsSuccess) {
  const std::pair<const char*, absl::StatusCode> kAnswers[] = {
      {"300", absl::StatusCode::kAborted},
      {"304", absl::StatusCode::kAborted},
      {"400", absl::StatusCode::kInvalidArgument},
      {"401", absl::StatusCode::kFailedPrecondition},
      {"404", absl::StatusCode::kFailedPrecondition},
      {"422", absl::StatusCode::kInvalidArgument},
      {"408", absl::StatusCode::kUnavailable},
      {"429", absl::StatusCode::kUnavailable},
      {"500", absl::StatusCode::kAborted},
      {"503", absl::StatusCode::kUnavailable},
  };
  for (const auto& [answer, code] : kAnswers) {
    EXPECT_THAT(DeliverTo({"--status", answer}), StatusIs(code, HasSubstr(answer)));
  }
  EXPECT_THAT(taken_, IsEmpty());
}

TEST_F(WebhookTest, EachMisbehaviourIsAnErrorAndNoRedirectIsFollowed) {
  for (const char* mode : {"reset", "500", "redirect", "stall", "trickle", "breakoff"}) {
    EXPECT_THAT(DeliverTo({"--bad", "100", "--modes", mode}), Not(IsOk())) << mode;
  }
  for (const auto& line : taken_) EXPECT_EQ(line["path"], "/hook");
}

TEST_F(WebhookTest, NobodyThereIsUnavailableAndTheSecretPathIsNotSaid) {
  const auto sink = Make(To(absl::StrCat("http://user:pw@127.0.0.1:", FreePort(), "/T0/secret")));
  const absl::Status status = sink->Deliver(One());
  EXPECT_THAT(status, HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("pw")));
  EXPECT_THAT(sink->name(), Not(HasSubstr("secret")));
}

TEST_F(WebhookTest, OnlyHttpUrls) {
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "//127.0.0.1/x", "",
        "http://", "https://[::1", "http://127.0.0.1/#x", "dict://127.0.0.1:1/x"}) {
    EXPECT_THAT(WebhookSink::Create(To(url), Clock::Real()),
                HasCode(absl::StatusCode::kInvalidArgument))
        << url;
  }
}

TEST_F(WebhookTest, NoHeaderBreaksOutOfItsLine) {
  for (const char* header : {"X: a\r\nY: b", "no colon", ": x", "X Y: z"}) {
    WebhookSink::Options options = To("http://127.0.0.1:1/");
    options.headers = {header};
    EXPECT_THAT(WebhookSink::Create(options, Clock::Real()),
                HasCode(absl::StatusCode::kInvalidArgument))
        << header;
  }
}

TEST_F(WebhookTest, NoProxyOfTheEnvironmentIsUsed) {
  Receiver proxy(dir_.path(), {});
  setenv("http_proxy", proxy.Url().c_str(), 1);
  setenv("ALL_PROXY", proxy.Url().c_str(), 1);
  EXPECT_THAT(Make(To(absl::StrCat("http://127.0.0.1:", FreePort(), "/")))->Deliver(One()),
              HasCode(absl::StatusCode::kUnavailable));
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  EXPECT_THAT(proxy.Taken(), IsEmpty());
}

TEST_F(WebhookTest, InterruptEndsAWaitForAnAnswer) {
  Receiver receiver(dir_.path(), {"--bad", "100", "--modes", "stall"});
  WebhookSink::Options options = To(receiver.Url());
  options.http.timeout = absl::Hours(1);
  const auto sink = Make(options);
  absl::Status status;
  std::thread delivery([&] { status = sink->Deliver(One()); });
  EXPECT_TRUE(test::Eventually([&] { return !receiver.Taken().empty(); }));
  sink->Interrupt();
  delivery.join();
  EXPECT_THAT(status, Not(IsOk()));
}

class TlsTest : public WebhookTest {
 protected:
  // A certificate that signs itself, for 127.0.0.1.
  void SetUp() override {
    WebhookTest::SetUp();
    cert_ = dir_.path() + "/cert.pem";
    key_ = dir_.path() + "/key.pem";
    auto made =
        test::Process::Start({"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                              "-keyout", key_, "-out", cert_, "-days", "2", "-subj", "/CN=dcp test",
                              "-addext", "subjectAltName=IP:127.0.0.1"},
                             dir_.path() + "/openssl.out");
    ASSERT_OK(made);
    ASSERT_TRUE(test::Eventually([&] { return !made->running(); }));
    ASSERT_EQ(made->wait_status(), 0) << ReadWhole(dir_.path() + "/openssl.out");
    receiver_ =
        std::make_unique<Receiver>(dir_.path(), std::vector<std::string>{"--tls", cert_, key_});
  }
  WebhookSink::Options ToHost(const std::string& host) const {
    WebhookSink::Options options = To(receiver_->Url("https", host));
    options.http.timeout = absl::Seconds(10);
    return options;
  }

  std::string cert_, key_;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(TlsTest, OwnAuthorityIsTrustedAndNoOther) {
  WebhookSink::Options options = ToHost("127.0.0.1");
  EXPECT_THAT(Make(options)->Deliver(One()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("certificate")));
  EXPECT_THAT(receiver_->Taken(), IsEmpty());
  options.http.ca = cert_;
  EXPECT_OK(Make(options)->Deliver(One()));
  EXPECT_THAT(receiver_->Taken(), SizeIs(1));
}

TEST_F(TlsTest, TheNameMustBeTheCertificates) {
  WebhookSink::Options options = ToHost("localhost");
  options.http.ca = cert_;
  EXPECT_THAT(Make(options)->Deliver(One()), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(receiver_->Taken(), IsEmpty());
}

TEST_F(TlsTest, AnAuthorityThatIsNotThereIsSaidAtStart) {
  WebhookSink::Options options = ToHost("127.0.0.1");
  options.http.ca = dir_.path() + "/none";
  EXPECT_THAT(WebhookSink::Create(options, Clock::Real()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/none")));
}

// Through the dispatcher.
class DeliveryTest : public WebhookTest {
 protected:
  // Whatever a test has sent is valid by the manual's schema.
  void TearDown() override {
    const std::string said = dir_.path() + "/validated";
    auto validated =
        test::Process::Start({"/usr/bin/python3", DCP_SOURCE_DIR "/tests/alarm/validate_alarms.py",
                              DCP_SOURCE_DIR "/docs/alarm.schema.json", dir_.path() + "/taken"},
                             said);
    ASSERT_OK(validated);
    ASSERT_TRUE(test::Eventually([&] { return !validated->running(); }));
    EXPECT_EQ(validated->wait_status(), 0) << ReadWhole(said);
  }
  void Start(std::unique_ptr<Sink> sink, Routing routing = {}) {
    std::vector<Dispatcher::Route> routes;
    routes.push_back({std::move(sink), std::move(routing)});
    dispatcher_ = std::make_unique<Dispatcher>(
        Dispatcher::Options{
            .backoff = {.first = absl::Milliseconds(1), .cap = absl::Milliseconds(20)}},
        std::move(routes), outbox_, renderer_, Clock::Real(),
        [this](Level, absl::string_view line) {
          MutexLock lock(mu_);
          log_.emplace_back(line);
        });
    dispatcher_->Start();
  }
  void Put(int check, uint64_t from) {
    model::Verdict verdict = Diff({Missing()}, from, from + 1);
    verdict.head.check = absl::StrCat("check", check);
    verdict.diff_tables = {{"shop.orders", 1}};
    const Alarm alarm = MakeAlarms(verdict, renderer_).front();
    put_[verdict.head.check].push_back(alarm.id);
    model::Report report = ReportOf(verdict);
    ASSERT_OK(dispatcher_->Put(report));
  }
  bool AwaitDelivered(uint64_t count) {
    return test::Eventually([&] { return dispatcher_->GetStats().at(0).delivered >= count; },
                            absl::Seconds(150));
  }
  // Of each check, the keys in the order in which they first came.
  static std::map<std::string, std::vector<std::string>> FirstComings(
      const std::vector<nlohmann::json>& taken) {
    std::set<std::string> seen;
    std::map<std::string, std::vector<std::string>> keys;
    for (const auto& line : taken) {
      const std::string key = line["key"];
      const auto alarm = nlohmann::json::parse(line["body"].get<std::string>());
      if (seen.insert(key).second) keys[alarm["check"]].push_back(key);
    }
    return keys;
  }

  FakeRenderer renderer_;
  test::MemoryOutbox outbox_;
  Mutex mu_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::vector<std::string>> put_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(DeliveryTest, AThousandAlarmsToABadReceiverOnceByKeyInOrderPerCheck) {
  Receiver receiver(dir_.path(), {"--secret", kSecret, "--bad", "25", "--seed", "7"});
  Start(Make(To(receiver.Url())));
  constexpr int kChecks = 5, kAlarms = 1000;
  for (int i = 0; i < kAlarms; ++i) Put(i % kChecks, static_cast<uint64_t>(i));
  ASSERT_TRUE(AwaitDelivered(kAlarms));
  dispatcher_->Stop(absl::Seconds(1));
  const auto taken = receiver.Taken();
  EXPECT_EQ(FirstComings(taken), put_);
  EXPECT_GT(taken.size(), static_cast<size_t>(kAlarms)) << "no repetition: was nothing bad?";
  for (const auto& line : taken) {
    ASSERT_EQ(line["signed"], true);
    ASSERT_EQ(line["path"], "/hook");
  }
  const Dispatcher::Stats stats = dispatcher_->GetStats().at(0);
  EXPECT_GT(stats.failures, 100u);
  EXPECT_EQ(stats.lost + stats.put_aside + stats.superseded, 0u);
  std::cout << "1000 alarms, " << taken.size() << " taken, " << stats.failures
            << " failed attempts\n";
}

TEST_F(DeliveryTest, AReceiverThatComesLateGetsAll) {
  const int port = FreePort();
  Start(Make(To(absl::StrCat("http://127.0.0.1:", port, "/hook"))));
  for (uint64_t i = 0; i < 20; ++i) Put(0, i);
  EXPECT_TRUE(test::Eventually([&] { return dispatcher_->GetStats().at(0).failures >= 3; }));
  Receiver receiver(dir_.path(), {}, port);
  ASSERT_TRUE(AwaitDelivered(20));
  EXPECT_EQ(FirstComings(receiver.Taken()), put_);
  EXPECT_EQ(dispatcher_->GetStats().at(0).put_aside, 0u);
}

TEST_F(DeliveryTest, APoisonAlarmIsPutAsideAndSaid) {
  model::Verdict verdict = Diff({Missing()}, 3, 4);
  verdict.head.check = "check0";
  const std::string poison = MakeAlarms(verdict, renderer_).front().id;
  Receiver receiver(dir_.path(), {"--poison", poison});
  Start(Make(To(receiver.Url())));
  for (uint64_t i = 0; i < 10; ++i) Put(0, i);
  ASSERT_TRUE(AwaitDelivered(9));
  dispatcher_->Stop(absl::Seconds(1));
  std::erase(put_["check0"], poison);
  EXPECT_EQ(FirstComings(receiver.Taken()), put_);
  EXPECT_EQ(dispatcher_->GetStats().at(0).put_aside, 1u);
  EXPECT_EQ(dispatcher_->GetStats().at(0).failures, 8u);
  MutexLock lock(mu_);
  EXPECT_THAT(log_, Contains(AllOf(HasSubstr(poison), HasSubstr("put aside"), HasSubstr("400"),
                                   HasSubstr("DIFF check0"))));
}

TEST_F(DeliveryTest, AStormComesAsFewAlarmsWithExactCounts) {
  Receiver receiver(dir_.path(), {});
  Start(Make(To(receiver.Url())), {.min_interval = absl::Hours(1)});
  Put(0, 0);
  ASSERT_TRUE(AwaitDelivered(1));  // the first at once
  for (uint64_t i = 1; i <= 500; ++i) Put(0, i);
  EXPECT_EQ(dispatcher_->GetStats().at(0).delivered, 1u);
  dispatcher_->Stop(absl::Seconds(20));  // nothing waits for company then
  const auto taken = receiver.Taken();
  ASSERT_THAT(taken, SizeIs(2));
  const auto storm = nlohmann::json::parse(taken[1]["body"].get<std::string>());
  EXPECT_EQ(storm["diff_count"], 500);
  EXPECT_EQ(storm["merged"].size(), 500u);
  EXPECT_EQ(storm["from"], 1);
  EXPECT_EQ(storm["to"], 501);
  EXPECT_EQ(taken[1]["key"], storm["id"]);
}

}  // namespace
}  // namespace dcp::alarm
