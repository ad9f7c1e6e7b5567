#include "tests/cmd/said.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/cmd/alarm_words.h"

namespace dcp::test {
namespace {

std::string Missing(const std::vector<std::string>& from, const std::vector<std::string>& in) {
  const std::set<std::string> all(in.begin(), in.end());
  std::string lines;
  for (const std::string& alarm : from) {
    if (!all.contains(alarm)) absl::StrAppend(&lines, alarm, "\n");
  }
  return lines;
}

}  // namespace

std::string Timeless(const Alarm& alarm, const std::string& dir) {
  Alarm copy = alarm;
  copy.erase("at");
  copy.erase("late");
  return absl::StrReplaceAll(copy.dump(), {{dir, "DIR"}});
}

uint64_t BarrierOf(const Alarm& alarm, const char* key) { return alarm[key].get<uint64_t>(); }

uint64_t FirstBarrier(const std::vector<Alarm>& alarms, const std::string& check) {
  for (const Alarm& alarm : alarms) {
    if (IsVerdict(alarm) && alarm["check"] == check) return BarrierOf(alarm, "from");
  }
  return 0;
}

uint64_t LastBarrier(const std::vector<Alarm>& alarms, const std::string& check) {
  uint64_t last = 0;
  for (const Alarm& alarm : alarms) {
    if (IsVerdict(alarm) && alarm["check"] == check) last = std::max(last, BarrierOf(alarm, "to"));
  }
  return last;
}

std::vector<std::string> SaidOf(const std::vector<Alarm>& alarms, const std::string& dir,
                                const std::string& check, uint64_t from, uint64_t to) {
  std::vector<std::string> said;
  std::map<std::string, std::string> by_id;
  for (const Alarm& alarm : alarms) {
    if (alarm["check"] != check || alarm["type"] == "timeout") continue;
    if (BarrierOf(alarm, "from") < from || BarrierOf(alarm, "to") > to) continue;
    const std::string text = Timeless(alarm, dir);
    const auto [it, inserted] = by_id.emplace(alarm["id"], text);
    EXPECT_TRUE(inserted || it->second == text) << it->second << "\n" << text;
    if (inserted) said.push_back(text);
  }
  return said;
}

size_t AmountSaid(const DcpProcess& daemon, const std::string& check) {
  const std::vector<Alarm> alarms = daemon.alarms();
  return SaidOf(alarms, daemon.dir().path(), check, FirstBarrier(alarms, check),
                LastBarrier(alarms, check))
      .size();
}

size_t ExpectTheSameSaid(const DcpProcess& calm, const DcpProcess& disturbed,
                         const std::string& check) {
  const std::vector<Alarm> ours = calm.alarms(), theirs = disturbed.alarms();
  const uint64_t from = std::max(FirstBarrier(ours, check), FirstBarrier(theirs, check));
  const uint64_t to = std::min(LastBarrier(ours, check), LastBarrier(theirs, check));
  const auto expected = SaidOf(ours, calm.dir().path(), check, from, to);
  const auto said = SaidOf(theirs, disturbed.dir().path(), check, from, to);
  EXPECT_EQ(Missing(expected, said), "") << check << ": not said by the disturbed one";
  EXPECT_EQ(Missing(said, expected), "") << check << ": said by the disturbed one alone";
  EXPECT_TRUE(expected == said) << check << ": not in the same order";
  return expected.size();
}

}  // namespace dcp::test
