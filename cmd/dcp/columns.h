// The columns that a configuration's tags are compared by, before any stream: who follows
// whom, and what their servers say of the tables now. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "collector/mysql/column_agreement.h"
#include "config/config.h"
#include "model/tag.h"

namespace dcp::cmd {

struct InspectedTag;

// The tags that some check uses and a MySQL collector feeds. A target follows the source of
// the first check that names it, if that is not pushed.
std::vector<collector::ColumnMember> ToColumnMembers(const config::Config& config);

// Barriers that rows may be off by, and one more: of the check with the largest `lateness`.
size_t ColumnWindow(const config::Config& config);

// Tells the agreement of the tables as they are now, where the tag's stream begins now: what an
// older stream shows first may be of older columns.
void SeedColumns(const config::Config& config, const std::vector<InspectedTag>& tags,
                 collector::ColumnAgreement* columns);

// Says of each target's table what is left out (InspectedTable::left_out).
void NameLeftOut(const config::Config& config, std::vector<InspectedTag>* tags);

}  // namespace dcp::cmd
