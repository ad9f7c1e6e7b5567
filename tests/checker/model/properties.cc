#include "tests/checker/model/properties.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tests/support/environment.h"

namespace dcp::checker::test {
namespace {

std::string CheckNoFalseAlarm(const std::vector<Said>& said) {
  for (const Said& one : said) {
    if (one.kind == Said::Kind::kDiff || one.kind == Said::Kind::kResolved) {
      return absl::StrCat("a difference without a fault: ", ToString(one));
    }
  }
  return "";
}

const Said* VerdictUpTo(const std::vector<Said>& said, uint64_t offset) {
  for (const Said& one : said) {
    const bool holds = one.from < offset && offset <= one.to;
    if (one.kind != Said::Kind::kResolved && holds) return &one;
  }
  return nullptr;
}

// A version that the source never had makes its segment a difference, from the
// first segments after a start on.
std::string CheckForeign(const History& history, const std::vector<Said>& said) {
  for (const ForeignWrite& foreign : history.foreign) {
    const Said* verdict = VerdictUpTo(said, foreign.to);
    if (verdict == nullptr || verdict->kind != Said::Kind::kSame) continue;
    size_t index = 0;  // among the verdicts
    while (&said[index] != verdict) ++index;
    const bool young = index < history.options.lateness;
    if (!young) return absl::StrCat("foreign ", foreign.key, " passed in ", ToString(*verdict));
  }
  return "";
}

bool SourceHad(const std::vector<Moment>& moments, const std::string& key,
               const model::Version& version, size_t from, size_t to) {
  const auto state = [&key](const auto& states) {
    const auto it = states.find(key);
    return it == states.end() ? model::Version() : it->second;
  };
  if (state(moments[from].source) == version) return true;
  for (size_t i = from + 1; i <= to; ++i) {
    const auto had = moments[i].source_had.find(key);
    if (had != moments[i].source_had.end() && had->second.contains(Dump(version))) return true;
  }
  return false;
}

// Rows that differed when the streams began are not seen by them.
bool WrongFromTheStart(const std::vector<Moment>& moments, const std::string& key, size_t n) {
  const auto state = moments[n].target.find(key);
  return state != moments[n].target.end() &&
         !SourceHad(moments, key, state->second, 0, std::min(2 * n, moments.size() - 1));
}

// What the target did to a row that the source never touched is believed from a segment on that was
// replayed from beyond history: that segment is said to be unverified.
bool IsBelieved(const std::vector<Moment>& moments, const std::string& key,
                const std::vector<Said>& said, uint64_t offset) {
  const bool touched_by_source =
      std::any_of(moments.begin(), moments.end(),
                  [&](const Moment& one) { return one.source_had.contains(key); });
  return !touched_by_source && std::any_of(said.begin(), said.end(), [&](const Said& one) {
    return one.kind == Said::Kind::kUnverified && one.reason == "history" && one.to <= offset;
  });
}

// Where the target's state at a barrier is none that the source had around it,
// the segment in which the key was last touched is not the same.
std::string CheckStates(const History& history, const std::vector<Said>& said) {
  const std::vector<Moment>& moments = history.moments;
  const size_t n = history.options.lateness;
  for (size_t j = n + 1; j + n < moments.size(); ++j) {
    for (const auto& [key, version] : moments[j].target) {
      if (SourceHad(moments, key, version, j - n, j + n)) continue;
      size_t touched = j;
      while (touched > 0 && !moments[touched].touched.contains(key)) --touched;
      if (touched <= n) continue;  // not touched since the start, or too early to tell
      if (WrongFromTheStart(moments, key, n)) continue;
      if (IsBelieved(moments, key, said, moments[touched].offset)) continue;
      const Said* verdict = VerdictUpTo(said, moments[touched].offset);
      if (verdict == nullptr || verdict->kind != Said::Kind::kSame) continue;
      return absl::StrCat(key, " is ", Dump(version), " on the target at barrier ",
                          moments[j].offset, ", but: ", ToString(*verdict));
    }
  }
  return "";
}

}  // namespace

std::string FindContradiction(const History& history, const std::vector<Said>& said) {
  if (!history.faulty) return CheckNoFalseAlarm(said);
  const std::string foreign = CheckForeign(history, said);
  return foreign.empty() ? CheckStates(history, said) : foreign;
}

std::vector<uint64_t> Seeds(uint64_t count) {
  if (const auto seed = dcp::test::NumberFromEnvironment("DCP_PROPERTY_SEED")) return {*seed};
  std::vector<uint64_t> seeds(
      dcp::test::NumberFromEnvironment("DCP_PROPERTY_COUNT").value_or(count));
  std::iota(seeds.begin(), seeds.end(), 1);
  return seeds;
}

}  // namespace dcp::checker::test
