#include "tests/servers/shared_servers.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace dcp::test {
namespace {

class PairEnvironment : public ::testing::Environment {
 public:
  explicit PairEnvironment(ReplicaPairOptions options) : options_(std::move(options)) {}

  void SetUp() override {
    auto pair = ReplicaPair::Start(options_);
    ASSERT_TRUE(pair.ok()) << pair.status();
    pair_ = std::move(pair).value();
  }
  void TearDown() override { pair_.reset(); }

  ReplicaPair& pair() { return *pair_; }

 private:
  const ReplicaPairOptions options_;
  std::unique_ptr<ReplicaPair> pair_;
};

PairEnvironment* registered = nullptr;  // owned by gtest

}  // namespace

void SharedServers::Register(ReplicaPairOptions options) {
  registered = new PairEnvironment(std::move(options));
  ::testing::AddGlobalTestEnvironment(registered);
}

ReplicaPair& SharedServers::Pair() { return registered->pair(); }

absl::Status SharedServers::Reset() { return Pair().Reset(); }

}  // namespace dcp::test
