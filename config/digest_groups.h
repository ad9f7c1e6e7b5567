// The digest of each check. A tag's stream is digested once, so checks that share
// a tag, directly or over others, have one digest between them.
#pragma once

#include "config/feeds.h"
#include "config/reader.h"
#include "config/sections.h"

namespace dcp::config {

// Sets CheckOptions::digest of every check: md5 as soon as a tag of its group is
// pushed or a check of it asks for md5, else xxh3. Says where that contradicts
// what a check asks for.
void ResolveDigests(const Feeds& feeds, Draft& draft, Context& context);

}  // namespace dcp::config
