// What docs/monitoring/ names exists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "server/metrics.h"
#include "tests/server/example_status.h"

namespace dcp::server {
namespace {

std::string ReadDoc(const std::string& name) {
  std::ifstream file(absl::StrCat(DCP_SOURCE_DIR, "/docs/", name));
  EXPECT_TRUE(file.is_open()) << name;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::set<std::string> Matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    names.insert((*it)[1]);
  }
  return names;
}

std::set<std::string> Metrics() {
  return Matches(MetricsText(ExampleStatus(), absl::FromUnixSeconds(1'700'000'000)),
                 "# TYPE (\\S+)");
}

TEST(MonitoringTest, EachMetricThatIsNamedExists) {
  const std::set<std::string> there_are = Metrics();
  for (const char* name : {"monitoring/alerts.yml", "monitoring/dashboard.json", "operating.md"}) {
    const std::set<std::string> named = Matches(ReadDoc(name), "\\b(dcp_[a-z_]+)");
    EXPECT_FALSE(named.empty()) << name;
    for (const std::string& metric : named) EXPECT_TRUE(there_are.contains(metric)) << metric;
  }
}

TEST(MonitoringTest, EachMetricIsInTheManual) {
  const std::string manual = ReadDoc("http.md");
  for (const std::string& metric : Metrics()) {
    EXPECT_NE(manual.find("`" + metric + "`"), std::string::npos) << metric;
  }
}

TEST(MonitoringTest, TheManualHasNoOtherMetric) {
  const std::set<std::string> there_are = Metrics();
  for (const std::string& metric : Matches(ReadDoc("http.md"), "`(dcp_[a-z_]+)`")) {
    EXPECT_TRUE(there_are.contains(metric)) << metric;
  }
}

std::string ReadSource(const std::string& name) { return ReadDoc("../" + name); }

// The first word of the path, as "/findings".
std::set<std::string> PathsOfTheManual() {
  std::set<std::string> paths;
  const std::string manual = ReadDoc("http.md");
  for (const std::string& row : Matches(manual, "\n(\\| `(?:POST )?/[^|]*)")) {
    for (const std::string& path : Matches(row, "`(?:POST )?(/[a-z]*)")) paths.insert(path);
  }
  return paths;
}

TEST(HttpManualTest, HasThePathsThatAreAnsweredAndNoOther) {
  const std::string source =
      ReadSource("server/endpoints.cc") + ReadSource("server/page_endpoints.cc");
  const std::set<std::string> answered = Matches(source, "\"(/[a-z]*)/?\"");
  EXPECT_GT(answered.size(), 5u);
  EXPECT_EQ(PathsOfTheManual(), answered);
}

// What the tests of the program, between servers, are made of.
std::string TestsOfTheProgram() {
  std::string all = ReadSource("tests/server/browser_test.mjs");
  const std::filesystem::path folder = absl::StrCat(DCP_SOURCE_DIR, "/tests/cmd");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cc")
      all += ReadSource("tests/cmd/" + entry.path().filename().string());
  }
  return all;
}

TEST(HttpManualTest, EachPathIsAskedInATest) {
  const std::string tests = TestsOfTheProgram();
  for (const std::string& path : PathsOfTheManual()) {
    EXPECT_NE(tests.find(path == "/" ? "goto(" : path), std::string::npos) << path;
  }
}

TEST(ControlManualTest, HasEachCall) {
  const std::string manual = ReadDoc("control.md") + ReadDoc("push.md");
  const std::set<std::string> calls =
      Matches(ReadSource("proto/control.proto") + ReadSource("proto/dcp.proto"), "\\n  rpc (\\w+)");
  EXPECT_GT(calls.size(), 10u);
  for (const std::string& call : calls) {
    EXPECT_NE(manual.find("`" + call + "`"), std::string::npos) << call;
  }
}

TEST(MonitoringTest, EachAlertIsInTheManual) {
  const std::string manual = ReadDoc("operating.md");
  const std::set<std::string> alerts = Matches(ReadDoc("monitoring/alerts.yml"), "alert: (\\S+)");
  EXPECT_GT(alerts.size(), 5u);
  for (const std::string& alert : alerts) {
    EXPECT_NE(manual.find("`" + alert + "`"), std::string::npos) << alert;
  }
}

TEST(MonitoringTest, TheDashboardAsksSomethingInEachPanel) {
  const auto dashboard = nlohmann::json::parse(ReadDoc("monitoring/dashboard.json"));
  EXPECT_GT(dashboard["panels"].size(), 5u);
  for (const auto& panel : dashboard["panels"]) {
    EXPECT_FALSE(panel["targets"].empty()) << panel["title"];
    for (const auto& target : panel["targets"]) EXPECT_NE(target["expr"], "") << panel["title"];
  }
}

}  // namespace
}  // namespace dcp::server
