#include "cmd/dcp/push_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <streambuf>
#include <thread>
#include <utility>
#include <vector>

#include "tests/collector/grpc/collector_fixture.h"
#include "tests/support/simulated_clock.h"

namespace dcp::collector {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PushClientTest : public CollectorFixture {
 protected:
  cmd::PushResult Push(const std::string& lines, const std::string& tag = "") {
    std::istringstream in(lines);
    std::ostringstream errors;
    cmd::PushResult result =
        cmd::Push({.channel = {.target = target()}, .tag = tag}, in, errors, clock_);
    errors_ = errors.str();
    return result;
  }

  test::SimulatedClock clock_;
  std::string errors_;
};

TEST_F(PushClientTest, SendsBarriersAndChanges) {
  const cmd::PushResult result = Push(
      R"({"tag":"src","id":"b","barrier":18446744073709551615}
{"tag":"src","id":"m","key":"42","content":"INSERT [42,\"ü\"]","checksum":""}
{"tag":"dst","id":"m","key":"42","checksum":"abc"})");
  EXPECT_OK(result.status);
  EXPECT_EQ(result.acknowledged, 3u);
  EXPECT_EQ(errors_, "");
  EXPECT_THAT(sink_.log("src"),
              ElementsAre("open", "barrier 18446744073709551615", "42=INSERT [42,\"ü\"]"));
  EXPECT_EQ(sink_.batches("src").at(0)->txns[0].timestamp_micros, 1'700'000'000'000'000);
  EXPECT_EQ(sink_.batches("dst").at(0)->changes.size(), 1u);
}

TEST_F(PushClientTest, TagAndIdHaveDefaults) {
  EXPECT_OK(Push("\n{\"barrier\":1}\n  \n", "src").status);
  EXPECT_EQ(sink_.batches("src").at(0)->txns[0].pushed_id, "2");
}

TEST_F(PushClientTest, ABadLineIsNamedAndTheRestGoesOn) {
  const cmd::PushResult result = Push(
      "{\"barrier\":1}\nnonsense\n[]\n{\"barrier\":-1}\n{}\n{\"key\":\"1\"}\n"
      "{\"key\":1,\"content\":\"\"}\n{\"barrier\":1,\"key\":\"2\"}\n{\"barier\":1}\n"
      "{\"tag\":\"\",\"barrier\":1}\n\xff\n{\"barrier\":2}\n",
      "src");
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kInvalidArgument,
                                      AllOf(HasSubstr("10 bad lines"), HasSubstr("2 ack"))));
  EXPECT_EQ(result.bad_lines, 10u);
  EXPECT_EQ(result.acknowledged, 2u);
  EXPECT_THAT(sink_.log("src"), ElementsAre("open", "barrier 1", "barrier 2"));
  EXPECT_EQ(errors_,
            "line 2: not JSON; not sent\n"
            "line 3: not a JSON object; not sent\n"
            "line 4: \"barrier\" is not a whole number from 0; not sent\n"
            "line 5: neither \"barrier\" nor \"key\"; not sent\n"
            "line 6: neither \"content\" nor \"checksum\"; not sent\n"
            "line 7: \"key\" is not a string; not sent\n"
            "line 8: both \"barrier\" and \"key\"; not sent\n"
            "line 9: unknown name \"barier\"; there are tag, id, barrier, key, content, checksum; "
            "not sent\n"
            "line 10: no \"tag\", and none was given with --tag; not sent\n"
            "line 11: not JSON; not sent\n");
}

TEST_F(PushClientTest, ARefusedMessageIsNamed) {
  const cmd::PushResult result =
      Push("{\"barrier\":1}\n\n{\"tag\":\"nope\",\"id\":\"x\",\"barrier\":1}\n", "src");
  EXPECT_THAT(result.status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(result.refused, 1u);
  EXPECT_THAT(errors_, HasSubstr("line 3: message \"x\" was refused with code 1: unknown tag"));
}

TEST_F(PushClientTest, ManyLinesKeepTheirOrder) {
  std::string lines;
  for (int i = 1; i <= 5000; ++i)
    absl::StrAppend(&lines, "{\"tag\":\"src\",\"barrier\":", i, "}\n");
  EXPECT_EQ(Push(lines).acknowledged, 5000u);
  const auto log = sink_.log("src");
  ASSERT_EQ(log.size(), 5001u);
  for (size_t i = 1; i <= 5000; ++i) ASSERT_EQ(log[i], absl::StrCat("barrier ", i));
}

// Gives its text in pieces, as a pipe does.
class Pieces : public std::streambuf {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

 protected:
  int underflow() override {
    if (next_ == pieces_.size()) return traits_type::eof();
    std::string& piece = pieces_[next_++];
    setg(piece.data(), piece.data(), piece.data() + piece.size());
    return traits_type::to_int_type(piece[0]);
  }

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
};

TEST_F(PushClientTest, LinesMayComeInPieces) {
  Pieces pieces(
      {"{\"barrier\":1}\n{\"bar", "rier\"", ":2}", "\n", "\n{\"barrier\":3}\n{\"barrier\":4}"});
  std::istream in(&pieces);
  std::ostringstream errors;
  EXPECT_OK(cmd::Push({.channel = {.target = target()}, .tag = "src"}, in, errors, clock_).status);
  EXPECT_THAT(sink_.log("src"),
              ElementsAre("open", "barrier 1", "barrier 2", "barrier 3", "barrier 4"));
  EXPECT_EQ(sink_.batches("src").back()->txns.back().pushed_id, "5");
}

TEST_F(PushClientTest, WithoutADaemonItSaysSo) {
  const std::string address = target();
  ASSERT_OK(collector_->Stop(absl::Seconds(5)));
  std::istringstream in("{\"barrier\":1}");
  std::ostringstream errors;
  const cmd::PushResult result = cmd::Push(
      {.channel = {.target = address}, .tag = "src", .connect_timeout = absl::Milliseconds(200)},
      in, errors, clock_);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr(address)));
}

// Never ends: the same line again and again.
class RepeatedLine : public std::streambuf {
 public:
  explicit RepeatedLine(std::string line) : line_(std::move(line)) {}

 protected:
  int underflow() override {
    setg(line_.data(), line_.data(), line_.data() + line_.size());
    return traits_type::to_int_type(line_[0]);
  }

 private:
  std::string line_;
};

TEST_F(PushClientTest, ALostConnectionSaysHowMuchWasAcknowledged) {
  RepeatedLine lines("{\"tag\":\"src\",\"barrier\":1}\n");
  std::istream in(&lines);
  std::ostringstream errors;
  cmd::PushResult result;
  std::jthread client([&] {
    result =
        cmd::Push({.channel = {.target = target()}, .connect_timeout = absl::Milliseconds(500)}, in,
                  errors, clock_);
  });
  ASSERT_TRUE(test::Eventually([&] { return sink_.log("src").size() > 100; }));
  EXPECT_OK(collector_->Stop(absl::Seconds(10)));
  client.join();
  EXPECT_THAT(result.status,
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr(absl::StrCat("lost after ", result.acknowledged, " ack"))));
  EXPECT_GE(result.acknowledged, 100u);
  EXPECT_LE(result.acknowledged, sink_.log("src").size() - 1);
}

}  // namespace
}  // namespace dcp::collector
