// gRPC's own log, which would go to standard error beside ours.
#pragma once

namespace dcp::cmd {

// Drops it: what matters of it comes as a status and is said in our own words.
// Stays without effect where the environment asks for it (GRPC_VERBOSITY).
// REQUIRES: called before anything of gRPC is used
void DropGrpcLog();

}  // namespace dcp::cmd
