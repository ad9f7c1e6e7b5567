// The lines of alarms for people who have never seen dcp:
//   DIFF orders src->dst segment 12..13: 1 row: missing shop.orders[42]: source
//   INSERT [42,"x"] in uuid:7; target did not touch it in this segment; now:
//   source [42,"x"], target has no such row
// What each side's last change was, then the row as it was read from both.
// Always one line, bounded in length. Pure.
#pragma once

#include <string>

#include "alarm/masking.h"
#include "model/verdict.h"

namespace dcp::alarm {

std::string SameText(const model::Verdict& verdict);
std::string DiffText(const model::Verdict& verdict, const Rendering& renderer);
std::string UnverifiedText(const model::Verdict& verdict);
std::string TimeoutText(const model::Timeout& timeout);
std::string ResolvedText(const model::Resolved& resolved, const Rendering& renderer);

}  // namespace dcp::alarm
