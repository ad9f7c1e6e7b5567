// Makes a failing pair of streams small: leaves out items as long as it fails.
#pragma once

#include <functional>

#include "tests/checker/model/stream.h"

namespace dcp::checker::test {

// True if the streams still show the failure.
using Fails = std::function<bool(const Stream& source, const Stream& target)>;

// Leaves out transactions, then single entries of them. REQUIRES: fails(*source, *target)
void Shrink(const Fails& fails, Stream* source, Stream* target);

}  // namespace dcp::checker::test
