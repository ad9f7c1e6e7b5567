#include "cmd/dcp/core_files.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace dcp::cmd {

void WriteNoCoreFiles() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace dcp::cmd
