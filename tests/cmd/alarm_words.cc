#include "tests/cmd/alarm_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace dcp::test {
namespace {

std::string KeyOf(const Alarm& diff) {
  return absl::StrCat(diff["table"].is_null() ? "" : diff["table"].get<std::string>(),
                      diff["key"].dump());
}

}  // namespace

std::string DifferenceInWords(const Alarm& difference) {
  return absl::StrCat(difference["kind"].get<std::string>(), " ", KeyOf(difference));
}

namespace {

std::string DiffWords(const Alarm& alarm) {
  std::vector<std::string> words;
  for (const Alarm& diff : alarm["diffs"]) {
    words.push_back(DifferenceInWords(diff));
  }
  std::sort(words.begin(), words.end());
  const size_t more = alarm["diff_count"].get<size_t>() - words.size();
  if (more > 0) words.push_back(absl::StrCat("and ", more, " more"));
  if (alarm["known"] != 0) words.push_back(absl::StrCat("known ", alarm["known"].get<uint64_t>()));
  if (alarm.contains("ignored")) {
    words.push_back(absl::StrCat("ignored ", alarm["ignored"].get<uint64_t>()));
  }
  return absl::StrJoin(words, ", ");
}

std::string DetailWords(const Alarm& alarm) {
  const std::string type = alarm["type"];
  if (type == "diff") return " " + DiffWords(alarm);
  if (type == "unverified") {
    const Alarm& table = alarm["table"];
    return absl::StrCat(" ", alarm["reason"].get<std::string>(),
                        table.is_null() ? "" : absl::StrCat(" ", table.get<std::string>()));
  }
  if (type != "resolved") return "";
  std::vector<std::string> keys = alarm["keys"];
  std::sort(keys.begin(), keys.end());
  return keys.empty() ? "" : absl::StrCat(" ", absl::StrJoin(keys, ", "));
}

constexpr int kShown = 5;

}  // namespace

bool IsVerdict(const Alarm& alarm) {
  return alarm["type"] == "same" || alarm["type"] == "diff" || alarm["type"] == "unverified";
}

std::string EpochWords(const Alarm& alarm) {
  const uint64_t epoch = alarm["epoch"];
  return epoch > 1 ? absl::StrCat("e", epoch, " ") : "";
}

std::string InWords(const Alarm& alarm) {
  return absl::StrCat(EpochWords(alarm), alarm.value("late", false) ? "late " : "",
                      alarm["type"].get<std::string>(), " ", alarm["from"].get<uint64_t>(), "..",
                      alarm["to"].get<uint64_t>(), DetailWords(alarm));
}

Judgement ExpectOnlySame(const DcpProcess& dcp, const std::string& check) {
  Judgement judgement;
  int shown = 0;
  for (const Alarm& alarm : dcp.alarms()) {
    if (alarm["check"] != check) continue;
    if (alarm["type"] != "same") {
      if (++shown <= kShown) ADD_FAILURE() << "not same: " << alarm.dump().substr(0, 3000);
      continue;
    }
    if (judgement.verdicts++ == 0) judgement.first = judgement.last = alarm["from"];
    EXPECT_EQ(alarm["from"], judgement.last) << check << " left something out";
    EXPECT_EQ(alarm["late"], false);
    judgement.last = alarm["to"];
    judgement.source_rows += alarm["rows"]["source"].get<uint64_t>();
    judgement.target_rows += alarm["rows"]["target"].get<uint64_t>();
  }
  if (shown > kShown) ADD_FAILURE() << check << ": " << shown << " alarms in all are not same";
  return judgement;
}

std::vector<std::string> DifferencesOf(const DcpProcess& dcp, const std::string& check) {
  std::vector<std::string> differences;
  for (const Alarm& alarm : dcp.alarms()) {
    if (alarm["check"] != check || alarm["type"] == "same") continue;
    if (alarm["type"] != "diff") {
      differences.push_back(InWords(alarm));
      continue;
    }
    for (const Alarm& diff : alarm["diffs"]) differences.push_back(DifferenceInWords(diff));
  }
  return differences;
}

}  // namespace dcp::test
