#include "config/values.h"

#include <string>

#include "config/nearest.h"
#include "tests/support/status_matchers.h"

namespace dcp::config {
namespace {

using ::dcp::test::HasCode;

TEST(ParseDurationTest, ReadsUnitsAndTheirSums) {
  EXPECT_EQ(ParseDuration("2s").value(), absl::Seconds(2));
  EXPECT_EQ(ParseDuration("500ms").value(), absl::Milliseconds(500));
  EXPECT_EQ(ParseDuration("1m").value(), absl::Minutes(1));
  EXPECT_EQ(ParseDuration("1h30m").value(), absl::Minutes(90));
}

TEST(ParseDurationTest, RefusesWhatIsNoFiniteLengthOfTime) {
  for (const char* text : {"", "2", "s", "inf", "-1s", "2 s", "2sec", "2s "}) {
    EXPECT_THAT(ParseDuration(text), HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(ParseSizeTest, ReadsBinaryUnitsAndPlainBytes) {
  EXPECT_EQ(ParseSize("512MiB").value(), uint64_t{512} << 20);
  EXPECT_EQ(ParseSize("64KiB").value(), 65536u);
  EXPECT_EQ(ParseSize("4096").value(), 4096u);
  EXPECT_EQ(ParseSize("7B").value(), 7u);
  EXPECT_EQ(ParseSize("16777215TiB").value(), uint64_t{16777215} << 40);
}

TEST(ParseSizeTest, RefusesOtherUnitsAndWhatDoesNotFit) {
  for (const char* text : {"", "MiB", "512MB", "1.5GiB", "-1", "+1", "16777216TiB",
                           "18446744073709551616", "1 MiB", "0x10"}) {
    EXPECT_THAT(ParseSize(text), HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(FormatSizeTest, RoundTrips) {
  for (uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{1023}, uint64_t{1024},
                         uint64_t{512} << 20, uint64_t{1} << 50}) {
    EXPECT_EQ(ParseSize(FormatSize(bytes)).value(), bytes) << FormatSize(bytes);
  }
}

TEST(ParseEndpointTest, ReadsHostsAndAddresses) {
  EXPECT_EQ(ParseEndpoint("127.0.0.1:9090").value(), (Endpoint{"127.0.0.1", 9090}));
  EXPECT_EQ(ParseEndpoint("[::1]:9090").value(), (Endpoint{"::1", 9090}));
  EXPECT_EQ(ParseEndpoint("localhost:0").value(), (Endpoint{"localhost", 0}));
  EXPECT_EQ(ParseEndpoint("h:65535").value(), (Endpoint{"h", 65535}));
}

TEST(ParseEndpointTest, RefusesWhatIsNoHostAndPort) {
  for (const char* text : {"", "9090", ":9090", "host", "host:", "host:65536", "host:-1",
                           "::1:9090", "[]:1", "u@h:1", "http://h:1", "host:1x"}) {
    EXPECT_THAT(ParseEndpoint(text), HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(ParseStartPointTest, ReadsTheFourForms) {
  EXPECT_EQ(ParseStartPoint("resume").value(), StartPoint{});
  EXPECT_EQ(ParseStartPoint("now")->kind, StartPoint::Kind::kNow);
  const StartPoint gtid =
      ParseStartPoint("gtid:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7").value();
  EXPECT_EQ(gtid.kind, StartPoint::Kind::kGtid);
  EXPECT_EQ(gtid.executed.ToString(), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7");
  EXPECT_EQ(ParseStartPoint("gtid:0-1-100")->executed.ToString(), "0-1-100");
  const StartPoint file = ParseStartPoint("file:a:b.000007:4294967296").value();
  EXPECT_EQ(file.kind, StartPoint::Kind::kPosition);
  EXPECT_EQ(file.position, (model::BinlogPosition{"a:b.000007", 4294967296}));
}

TEST(ParseStartPointTest, GtidOfAnEmptySetIsTheBeginning) {
  EXPECT_TRUE(ParseStartPoint("gtid:")->executed.empty());
}

TEST(ParseStartPointTest, RefusesOtherTexts) {
  for (const char* text : {"", "Resume", "file:", "file:x", "file::4", "file:x:3", "file:x:4x",
                           "file:../x:4", "gtid:0-1", "gtid:x"}) {
    EXPECT_THAT(ParseStartPoint(text), HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(NearestTest, CountsSwapsAsOne) {
  EXPECT_EQ(EditDistance("tabels", "tables"), 1u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", "abc"), 0u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(NearestTest, SuggestsOnlyWhatIsNear) {
  EXPECT_EQ(Nearest("tabels", {"tag", "tables"}), "tables");
  EXPECT_EQ(Nearest("Timeout", {"timeout"}), "timeout");
  EXPECT_EQ(Nearest("colour", {"tag", "tables"}), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'x'), {"tag"}), "");
  EXPECT_EQ(DidYouMean("tabels", {"tables"}), "; did you mean 'tables'?");
  EXPECT_EQ(DidYouMean("zzz", {"tables"}), "");
}

}  // namespace
}  // namespace dcp::config
