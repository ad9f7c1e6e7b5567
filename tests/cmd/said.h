// What daemons said, made comparable: one that was disturbed with one that was left alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/cmd/dcp_process.h"

namespace dcp::test {

// All but when it was said, and where the daemon keeps its files.
std::string Timeless(const Alarm& alarm, const std::string& dir);

uint64_t BarrierOf(const Alarm& alarm, const char* key);
// The first and the last barrier that verdicts of `check` are about; 0: none.
uint64_t FirstBarrier(const std::vector<Alarm>& alarms, const std::string& check);
uint64_t LastBarrier(const std::vector<Alarm>& alarms, const std::string& check);

// What was said of a check between two barriers, timeouts left out: each alarm where it came
// first. One that came again has to be the same, or the test fails.
std::vector<std::string> SaidOf(const std::vector<Alarm>& alarms, const std::string& dir,
                                const std::string& check, uint64_t from, uint64_t to);

// How much `daemon` said of `check` up to now, as SaidOf() counts it.
size_t AmountSaid(const DcpProcess& daemon, const std::string& check);

// Fails the test where both did not say the same, in the same order; returns how much it is.
size_t ExpectTheSameSaid(const DcpProcess& calm, const DcpProcess& disturbed,
                         const std::string& check);

}  // namespace dcp::test
