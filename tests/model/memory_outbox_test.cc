// model::OutboxQueue, by way of the Outbox in memory that tests use.
#include "tests/support/memory_outbox.h"

#include "tests/support/outbox_contract.h"

namespace dcp::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, OutboxContract, ::testing::Values([](size_t max_bytes) {
                           return std::make_unique<MemoryOutbox>(max_bytes);
                         }));

}  // namespace
}  // namespace dcp::test
