// What many differing rows have in common: the first thing that tells one cause
// from many. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "alarm/masking.h"
#include "model/verdict.h"

namespace dcp::alarm {

// Of one differing row.
struct RowFacts {
  std::string kind;
  std::string table;
  std::string key_json;                   // an array
  std::string source_txn, target_txn;     // "" if none
  std::vector<std::string> times = {};    // RFC 3339 as in the JSON, of both sides' changes
  std::vector<std::string> columns = {};  // that differ
};

RowFacts FactsOf(const model::RowDiff& diff, const Rendering& renderer);

// The object `common` of docs/alarms.md; "" for fewer than two rows. Members that
// are not common are left out, so it may be `{}`.
std::string CommonJson(const std::vector<RowFacts>& rows);

// The same for people: "all missing; one source transaction uuid:7; keys 1 to 40";
// "" if nothing is common.
std::string CommonText(const std::vector<RowFacts>& rows);

}  // namespace dcp::alarm
