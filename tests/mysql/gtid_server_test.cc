// Sets of GTIDs with and without tags: parsing, union, subtraction and containment are those of the
// server's own functions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/gtid_set.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using model::GtidSet;

constexpr const char* kSources[] = {"3e11fa47-71ca-11e1-9e33-c80aa9429562",
                                    "4f22FA47-71ca-11e1-9e33-c80aa9429562"};
constexpr const char* kLabels[] = {"",
                                   "blue:", "Red_2:", "_:", "a_label_of_exactly_32_characters:"};

// A set as a person or a server may write it: in any order, with the same source twice.
std::string SomeText(std::mt19937* random) {
  const auto below = [&](size_t n) { return (*random)() % n; };
  std::vector<std::string> parts;
  for (size_t count = 1 + below(4); count > 0; --count) {
    std::string part = kSources[below(std::size(kSources))];
    for (size_t groups = 1 + below(3); groups > 0; --groups) {
      absl::StrAppend(&part, ":", kLabels[below(std::size(kLabels))]);
      const size_t first = 1 + below(20);
      absl::StrAppend(&part, first);
      if (below(2) == 0) absl::StrAppend(&part, " - ", first + below(6));
    }
    parts.push_back(part);
  }
  return absl::StrJoin(parts, ", ");
}

struct Pair {
  std::string a, b;
};

std::string Queries(const std::vector<Pair>& pairs) {
  std::vector<std::string> queries;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const std::string a = test::Quoted(pairs[i].a), b = test::Quoted(pairs[i].b);
    queries.push_back(absl::StrCat("SELECT ", i, " AS i, GTID_SUBTRACT(", a, ",''), GTID_SUBTRACT(",
                                   a, ",", b, "), GTID_SUBSET(", b, ",", a,
                                   "), GTID_SUBTRACT(CONCAT(", a, ",',',", b, "),'')"));
  }
  return absl::StrCat(absl::StrJoin(queries, " UNION ALL "), " ORDER BY i");
}

GtidSet Parsed(const std::string& text) {
  const auto set = GtidSet::Parse(text);
  EXPECT_OK(set.status()) << text;
  return set.value_or(GtidSet());
}

TEST(GtidServerTest, SetsAreWhatTheServerMakesOfThem) {
  test::MysqlServer& server = test::SharedServers::Pair().source();
  std::mt19937 random(20261121);
  std::vector<Pair> pairs;
  for (int i = 0; i < 300; ++i) pairs.push_back({SomeText(&random), SomeText(&random)});
  pairs.push_back({pairs[0].a, pairs[0].a});
  ASSERT_OK_AND_ASSIGN(const test::Rows rows, server.Query(Queries(pairs)));
  ASSERT_EQ(rows.size(), pairs.size());
  int subsets = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(absl::StrCat(pairs[i].a, " and ", pairs[i].b));
    const GtidSet a = Parsed(pairs[i].a), b = Parsed(pairs[i].b);
    EXPECT_EQ(a, Parsed(*rows[i][1]));
    GtidSet rest = a, both = a;
    rest.Subtract(b);
    both.Add(b);
    EXPECT_EQ(rest, Parsed(*rows[i][2]));
    EXPECT_EQ(a.Contains(b), rows[i][3] == "1");
    EXPECT_EQ(both, Parsed(*rows[i][4]));
    subsets += a.Contains(b) ? 1 : 0;
  }
  EXPECT_GT(subsets, 0);
}

// What dcp prints is what it sends to people and back to servers.
TEST(GtidServerTest, TheServerReadsWhatIsPrinted) {
  test::MysqlServer& server = test::SharedServers::Pair().source();
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    const std::string text = SomeText(&random);
    const std::string printed = Parsed(text).ToString();
    const std::string t = test::Quoted(text), p = test::Quoted(printed);
    ASSERT_OK_AND_ASSIGN(const std::string same,
                         server.QueryValue(absl::StrCat("SELECT GTID_SUBSET(", t, ",", p,
                                                        ") AND GTID_SUBSET(", p, ",", t, ")")));
    EXPECT_EQ(same, "1") << text << " as " << printed;
  }
}

}  // namespace
}  // namespace dcp::mysql
