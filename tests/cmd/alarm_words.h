// Alarms in words, for tests to compare: "diff 201..202 missing shop.orders[42]". See
// checked_pair.h for all forms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/cmd/dcp_process.h"

namespace dcp::test {

// same, diff or unverified.
bool IsVerdict(const Alarm& alarm);

std::string InWords(const Alarm& alarm);
// "e2 " in epoch 2, empty in the first.
std::string EpochWords(const Alarm& alarm);
// "missing shop.orders[42]"
std::string DifferenceInWords(const Alarm& difference);

// What one check said of equal traffic.
struct Judgement {
  uint64_t verdicts = 0;
  uint64_t source_rows = 0, target_rows = 0;
  uint64_t first = 0, last = 0;  // barriers
};

// Collects the check's verdicts; everything but `same`, and a gap between segments, is a failure.
Judgement ExpectOnlySame(const DcpProcess& dcp, const std::string& check);

// All that the check said but `same`, in order: the differences of each `diff` one by one
// ("missing shop.orders[42]"), everything else as InWords has it.
std::vector<std::string> DifferencesOf(const DcpProcess& dcp, const std::string& check);

}  // namespace dcp::test
