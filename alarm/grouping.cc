#include "alarm/grouping.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alarm/alarm_json.h"
#include "alarm/common.h"
#include "alarm/text.h"
#include "model/digest.h"
#include "model/severity.h"

namespace dcp::alarm {
namespace {

using Json = nlohmann::ordered_json;
using model::AlarmType;
using Entry = model::Outbox::Entry;
using Entries = std::vector<const Entry*>;

Json Parse(const Alarm& alarm) { return Json::parse(alarm.json, nullptr, false); }

std::vector<Json> ParseAll(const Entries& entries) {
  std::vector<Json> all;
  for (const Entry* entry : entries) all.push_back(Parse(*entry->alarm));
  return all;
}

std::string IdOfMerged(const Entries& entries) {
  const auto id_of = [](std::string* out, const Entry* entry) { out->append(entry->alarm->id); };
  return model::ToHex(model::Xxh3(absl::StrCat("merged;", absl::StrJoin(entries, ",", id_of))));
}

Json IdsOf(const Entries& entries) {
  Json ids = Json::array();
  for (const Entry* entry : entries) ids.push_back(entry->alarm->id);
  return ids;
}

uint64_t Sum(const std::vector<Json>& all, const char* key) {
  uint64_t sum = 0;
  for (const Json& one : all) sum += one.value(key, uint64_t{0});
  return sum;
}

uint64_t SumOfRows(const std::vector<Json>& all, const char* side) {
  uint64_t sum = 0;
  for (const Json& one : all) sum += one.at("rows").value(side, uint64_t{0});
  return sum;
}

// Exact where each key came once.
uint64_t SumOfKeys(const std::vector<Json>& all) {
  uint64_t sum = 0;
  for (const Json& one : all) sum += one.value("key_count", uint64_t{one.at("keys").size()});
  return sum;
}

// Every item of the arrays `key`, in order, each once.
Json Union(const std::vector<Json>& all, const char* key) {
  Json items = Json::array();
  std::set<std::string> seen;
  for (const Json& one : all) {
    for (const Json& item : one.at(key)) {
      if (seen.insert(item.dump()).second) items.push_back(item);
    }
  }
  return items;
}

void MergeVerdicts(const std::vector<Json>& all, Json& out) {
  out["late"] =
      std::any_of(all.begin(), all.end(), [](const Json& one) { return one.value("late", false); });
  out["rows"] = {{"source", SumOfRows(all, "source")}, {"target", SumOfRows(all, "target")}};
}

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

RowFacts FactsOfJson(const Json& diff) {
  RowFacts facts{.kind = Text(diff, "kind"),
                 .table = Text(diff, "table"),
                 .key_json = diff.at("key").dump(),
                 .source_txn = {},
                 .target_txn = {},
                 .columns = diff.at("columns").get<std::vector<std::string>>()};
  for (const char* side : {"source", "target"}) {
    const Json& change = diff.at(side);
    if (!change.is_object()) continue;
    (*side == 's' ? facts.source_txn : facts.target_txn) = Text(change, "txn");
    if (std::string time = Text(change, "ts"); !time.empty()) facts.times.push_back(time);
  }
  return facts;
}

Json SumOfTables(const std::vector<Json>& all) {
  std::map<std::string, uint64_t> counts;
  for (const Json& one : all) {
    if (!one.contains("tables")) continue;
    for (const auto& [table, count] : one.at("tables").items()) {
      counts[table] += count.get<uint64_t>();
    }
  }
  return counts;
}

// Returns what the rows have in common, for people.
std::string MergeDiffs(const std::vector<Json>& all, Json& out) {
  Json diffs = Json::array(), files = Json::array();
  for (const Json& one : all) {
    for (const Json& diff : one.at("diffs")) {
      if (diffs.size() < kMaxMergedDiffs) diffs.push_back(diff);
    }
    if (one.contains("diff_file")) files.push_back(one.at("diff_file"));
  }
  std::vector<RowFacts> rows;
  for (const Json& diff : diffs) rows.push_back(FactsOfJson(diff));
  out["diffs"] = std::move(diffs);
  out["diff_count"] = Sum(all, "diff_count");
  out["known"] = Sum(all, "known");
  if (const uint64_t ignored = Sum(all, "ignored"); ignored > 0) out["ignored"] = ignored;
  if (Json tables = SumOfTables(all); !tables.empty()) out["tables"] = std::move(tables);
  out.erase("common");
  if (rows.size() > 1) out["common"] = Json::parse(CommonJson(rows));
  out.erase("diff_file");
  if (!files.empty()) out["diff_files"] = std::move(files);
  return CommonText(rows);
}

bool HaveOne(const std::vector<Json>& all, const char* name) {
  return std::all_of(all.begin(), all.end(), [&](const Json& one) {
    return one.value(name, Json()) == all.front().value(name, Json());
  });
}

std::string Counted(size_t count, const char* one, const char* many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

// "DIFF orders src->dst segment 1..9, 8 alarms as one: 1000 rows in shop.orders; ..."
std::string TextOf(const Alarm& alarm, const Json& json, size_t members, std::string what) {
  std::string word = model::ToString(alarm.type);
  for (char& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return absl::StrCat(word, " ", Readable(alarm.check), " ", Readable(alarm.source), "->",
                      Readable(alarm.target), " segment ", json.at("from").get<uint64_t>(), "..",
                      json.at("to").get<uint64_t>(), ", ", members, " alarms as one: ", what);
}

std::string DiffWords(const Json& json, const std::string& common) {
  std::vector<std::string> tables;
  const Json counts = json.value("tables", Json::object());
  for (const auto& [table, count] : counts.items()) {
    tables.push_back(absl::StrCat(count.get<uint64_t>(), " in ", Readable(table)));
  }
  return absl::StrCat(Counted(json.at("diff_count").get<size_t>(), "row differs", "rows differ"),
                      tables.empty() ? "" : absl::StrCat(" (", absl::StrJoin(tables, ", "), ")"),
                      common.empty() ? "" : absl::StrCat("; in common: ", common));
}

void SortAndUnify(auto& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// Returns how many there are.
uint64_t MergeKeys(const std::vector<Json>& all, Json& out) {
  Json keys = Union(all, "keys");
  const bool whole = std::none_of(all.begin(), all.end(),
                                  [](const Json& one) { return one.contains("key_count"); });
  const uint64_t count = whole ? keys.size() : SumOfKeys(all);
  if (keys.size() > kMaxResolvedKeys) {
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(kMaxResolvedKeys), keys.end());
  }
  out.erase("key_count");
  if (count > keys.size()) out["key_count"] = count;
  out["keys"] = std::move(keys);
  return count;
}

// What sinks choose by: of all of them.
Alarm MergedHead(const Entries& entries) {
  Alarm alarm = *entries.back()->alarm;
  alarm.id = IdOfMerged(entries);
  for (const Entry* entry : entries) {
    const Alarm& one = *entry->alarm;
    alarm.tables.insert(alarm.tables.end(), one.tables.begin(), one.tables.end());
    alarm.kinds.insert(alarm.kinds.end(), one.kinds.begin(), one.kinds.end());
    alarm.resolves.insert(alarm.resolves.end(), one.resolves.begin(), one.resolves.end());
  }
  SortAndUnify(alarm.tables);
  SortAndUnify(alarm.kinds);
  SortAndUnify(alarm.resolves);
  return alarm;
}

std::string MergeByType(AlarmType type, const std::vector<Json>& all, Json& json) {
  switch (type) {
    case AlarmType::kSame:
      MergeVerdicts(all, json);
      return absl::StrCat(json.at("rows").at("source").get<uint64_t>(), " rows changed on the ",
                          "source, all equal");
    case AlarmType::kDiff: {
      MergeVerdicts(all, json);
      const std::string common = MergeDiffs(all, json);
      return DiffWords(json, common);
    }
    case AlarmType::kResolved:
      json["resolves"] = Union(all, "resolves");
      if (!HaveOne(all, "job")) json.erase("job");
      return absl::StrCat(Counted(MergeKeys(all, json), "row equal again", "rows equal again"),
                          "; ends ", Counted(json["resolves"].size(), "alarm", "alarms"));
    case AlarmType::kUnverified:
    case AlarmType::kTimeout:
      break;
  }
  return "";
}

// The highest; what another version has stored has none.
void MergeSeverities(const std::vector<Json>& all, Json& out) {
  for (const model::Severity severity : model::kAllSeverities) {
    const char* word = model::ToString(severity);
    if (std::any_of(all.begin(), all.end(),
                    [&](const Json& one) { return Text(one, "severity") == word; })) {
      out["severity"] = word;
    }
  }
}

Group MergeGroup(const Entries& entries) {
  Group group;
  for (const Entry* entry : entries) group.sequences.push_back(entry->sequence);
  group.alarm = entries.front()->alarm;
  if (entries.size() == 1) return group;
  const std::vector<Json> all = ParseAll(entries);
  auto alarm = std::make_shared<Alarm>(MergedHead(entries));
  Json json = all.back();
  json["id"] = alarm->id;
  json["from"] = all.front().at("from");
  MergeSeverities(all, json);
  std::string what = MergeByType(alarm->type, all, json);
  json["merged"] = IdsOf(entries);
  alarm->text = what.empty() ? absl::StrCat(alarm->text, " (the last of ", entries.size(), ")")
                             : TextOf(*alarm, json, entries.size(), std::move(what));
  alarm->json = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  group.alarm = std::move(alarm);
  return group;
}

// Alarms with the same key become one. A `diff` that only touches what differs already is never
// resolved: it stays out of those that are.
std::string KeyOf(const Alarm& alarm) {
  std::string key = absl::StrCat(model::ToString(alarm.type), ";", alarm.target);
  if (alarm.type != AlarmType::kUnverified && alarm.type != AlarmType::kDiff) return key;
  const Json json = Parse(alarm);
  if (alarm.type == AlarmType::kDiff) {
    return absl::StrCat(key, json.at("diff_count") == 0 ? ";known" : "");
  }
  return absl::StrCat(key, ";", json.at("reason").dump(), json.at("table").dump());
}

std::vector<Group> Merge(const std::vector<Entry>& entries) {
  std::vector<Entries> buckets;
  std::map<std::string, size_t> bucket_of;
  for (const Entry& entry : entries) {
    const auto [bucket, is_new] = bucket_of.try_emplace(KeyOf(*entry.alarm), buckets.size());
    if (is_new) buckets.emplace_back();
    buckets[bucket->second].push_back(&entry);
  }
  // An end comes behind what it ends.
  std::stable_partition(buckets.begin(), buckets.end(), [](const Entries& bucket) {
    return bucket.front()->alarm->type != AlarmType::kResolved;
  });
  std::vector<Group> groups;
  for (const Entries& bucket : buckets) groups.push_back(MergeGroup(bucket));
  return groups;
}

}  // namespace

std::vector<Group> EachAlone(const std::vector<Entry>& entries) {
  std::vector<Group> groups;
  for (const Entry& entry : entries) groups.push_back({entry.alarm, {entry.sequence}});
  return groups;
}

std::vector<Group> MergeAlarms(const std::vector<Entry>& entries) {
  // What another version has stored may lack a member: then each goes as it is.
  try {
    return Merge(entries);
  } catch (const Json::exception&) {
    return EachAlone(entries);
  }
}

}  // namespace dcp::alarm
