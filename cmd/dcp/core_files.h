// Whether the daemon leaves a file of its memory behind where it ends by a signal.
#pragma once

namespace dcp::cmd {

// From now on, for good: none, nor one that a program takes in place of a file. A core file has
// all that is in memory, and so what is masked.
void WriteNoCoreFiles();

}  // namespace dcp::cmd
