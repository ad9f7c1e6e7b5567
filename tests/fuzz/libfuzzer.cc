// libFuzzer's entry: DCP_FUZZ_TARGET is the target's function.
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dcp::fuzz::DCP_FUZZ_TARGET(dcp::mysql::Bytes(data, size));
  return 0;
}
