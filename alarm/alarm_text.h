// The lines of alarms for people who have never seen dcp:
//   DIFF orders src->dst segment 12..13: 1 row: missing shop.orders[42]: source
//   INSERT [42,"x"] in uuid:7; target has nothing
// Always one line, bounded in length. Pure.
#pragma once

#include <string>

#include "model/ports/row_renderer.h"
#include "model/verdict.h"

namespace dcp::alarm {

std::string SameText(const model::Verdict& verdict);
std::string DiffText(const model::Verdict& verdict, const model::RowRenderer& renderer);
std::string UnverifiedText(const model::Verdict& verdict);
std::string TimeoutText(const model::Timeout& timeout);
std::string ResolvedText(const model::Resolved& resolved);

}  // namespace dcp::alarm
