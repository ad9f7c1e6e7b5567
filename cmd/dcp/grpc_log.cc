#include "cmd/dcp/grpc_log.h"

#include <grpc/support/log.h>

#include <cstdlib>

namespace dcp::cmd {

void DropGrpcLog() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace dcp::cmd
