// The memory that checks share, what is said when it is full, and a check whose segments
// wait in a store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "cmd/dcp/memory_budget.h"
#include "cmd/dcp/spill_log.h"

namespace dcp::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(MemoryBudgetTest, OneCheckMayUseAllOfIt) {
  MemoryBudget budget(1000);
  const auto share = budget.Join();
  EXPECT_EQ(share->Use(10), 1000u);
  EXPECT_EQ(share->Use(5000), 1000u);
  EXPECT_EQ(budget.used(), 5000u);
}

TEST(MemoryBudgetTest, ACheckMayUseWhatTheOthersLeave) {
  MemoryBudget budget(1000);
  const auto busy = budget.Join();
  const auto idle = budget.Join();
  EXPECT_EQ(idle->Use(100), 1000u);
  EXPECT_EQ(busy->Use(900), 900u);
  // The idle one has its part however much the busy one holds, and the busy one's falls.
  EXPECT_EQ(idle->Use(400), 500u);
  EXPECT_EQ(busy->Use(900), 600u);
  EXPECT_EQ(idle->Use(5000), 500u);
  EXPECT_EQ(busy->Use(900), 500u);
}

TEST(MemoryBudgetTest, AShareThatEndsLeavesItsPart) {
  MemoryBudget budget(1000);
  const auto share = budget.Join();
  {
    const auto other = budget.Join();
    other->Use(800);
    EXPECT_EQ(share->Use(0), 500u);
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_EQ(share->Use(0), 1000u);
}

class SpillLogTest : public ::testing::Test {
 protected:
  void Note(const absl::Status& written, uint64_t segments) {
    log_.Note(written, segments, segments << 20, uint64_t{64} << 20, now_);
  }
  std::vector<std::string> Take() { return std::exchange(lines_, {}); }

  absl::Duration now_ = absl::Hours(1);
  std::vector<std::string> lines_;
  SpillLog log_{"orders", [this](absl::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(SpillLogTest, BeginAndEndAreSaidOnce) {
  Note(absl::OkStatus(), 0);
  EXPECT_THAT(Take(), IsEmpty());
  Note(absl::OkStatus(), 1);
  EXPECT_THAT(Take(), ElementsAre(HasSubstr("orders: its 64 MiB of memory are full")));
  // To and fro.
  for (const uint64_t segments : {0u, 7u, 0u, 3u, 0u}) {
    now_ += absl::Seconds(2);
    Note(absl::OkStatus(), segments);
  }
  EXPECT_THAT(Take(), IsEmpty());
  now_ += absl::Seconds(10);
  Note(absl::OkStatus(), 0);
  EXPECT_THAT(Take(), ElementsAre(HasSubstr("no segment waits on disk any more; there were up to "
                                            "7 MiB")));
  Note(absl::OkStatus(), 0);
  EXPECT_THAT(Take(), IsEmpty());
  Note(absl::OkStatus(), 2);
  EXPECT_THAT(Take(), ElementsAre(HasSubstr("full")));
}

TEST_F(SpillLogTest, AFullDiskIsSaidEveryHalfMinuteAndItsEndOnce) {
  const absl::Status full = absl::ResourceExhaustedError("no room to write /x: make room there");
  Note(full, 0);
  EXPECT_THAT(Take(), ElementsAre(HasSubstr("make room there")));
  now_ += absl::Seconds(29);
  Note(full, 0);
  EXPECT_THAT(Take(), IsEmpty());
  now_ += absl::Seconds(1);
  Note(full, 0);
  EXPECT_THAT(Take(), ElementsAre(HasSubstr("make room there")));
  Note(absl::OkStatus(), 0);
  EXPECT_THAT(Take(), ElementsAre(HasSubstr("no stream waits for memory any more")));
  Note(absl::OkStatus(), 0);
  EXPECT_THAT(Take(), IsEmpty());
}

}  // namespace
}  // namespace dcp::cmd
