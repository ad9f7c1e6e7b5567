// What a check says of the tags it names.
#pragma once

#include "config/feeds.h"
#include "config/reader.h"
#include "config/sections.h"

namespace dcp::config {

// Says what does not fit together in each check, and resolves `align` where pushed
// tags leave no choice.
void ValidateChecks(const Feeds& feeds, Draft& draft, Context& context);

// Says which row of drc.barrier cuts each check, and so each tag.
void ResolveBarriers(const Feeds& feeds, Draft& draft, Context& context);

}  // namespace dcp::config
