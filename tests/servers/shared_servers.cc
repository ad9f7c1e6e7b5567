#include "tests/servers/shared_servers.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"

namespace dcp::test {
namespace {

class PairEnvironment : public ::testing::Environment {
 public:
  explicit PairEnvironment(ReplicaPairOptions options) : options_(std::move(options)) {}

  void SetUp() override {
    const auto pair = Find(options_);
    ASSERT_TRUE(pair.ok()) << pair.status();
    pair_ = *pair;
  }
  void TearDown() override { pairs_.clear(); }

  ReplicaPair& pair() { return *pair_; }

  absl::StatusOr<ReplicaPair*> Find(const ReplicaPairOptions& options) {
    for (const auto& [present, pair] : pairs_) {
      if (present == options) return pair.get();
    }
    DCP_ASSIGN_OR_RETURN(auto pair, ReplicaPair::Start(options));
    pairs_.emplace_back(options, std::move(pair));
    return pairs_.back().second.get();
  }

 private:
  const ReplicaPairOptions options_;
  std::vector<std::pair<ReplicaPairOptions, std::unique_ptr<ReplicaPair>>> pairs_;
  ReplicaPair* pair_ = nullptr;  // the one of options_
};

PairEnvironment* registered = nullptr;  // owned by gtest

}  // namespace

void SharedServers::Register(ReplicaPairOptions options) {
  registered = new PairEnvironment(std::move(options));
  ::testing::AddGlobalTestEnvironment(registered);
}

ReplicaPair& SharedServers::Pair() { return registered->pair(); }

absl::Status SharedServers::Reset() { return Pair().Reset(); }

absl::StatusOr<ReplicaPair*> SharedServers::Fresh(const ReplicaPairOptions& options) {
  DCP_ASSIGN_OR_RETURN(ReplicaPair* const pair, registered->Find(options));
  DCP_RETURN_IF_ERROR(pair->Reset());
  return pair;
}

}  // namespace dcp::test
