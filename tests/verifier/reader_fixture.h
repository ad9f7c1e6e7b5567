// A source and a replica, and a RowReader over both.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "model/connection_options.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"
#include "verifier/row_reader.h"

namespace dcp::verifier {

inline model::ConnectionOptions ConnectionTo(const test::MysqlServer& server) {
  model::ConnectionOptions options;
  options.port = server.port();
  options.user = "dcp";
  options.password = "dcp";
  return options;
}

class ReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(test::SharedServers::Reset());
    options_.source.connection = ConnectionTo(pair_.source());
    options_.target.connection = ConnectionTo(pair_.replica());
  }

  // On the source, and on the replica by replication.
  void OnBoth(const std::string& sql) {
    OnSource(sql);
    ASSERT_OK(pair_.WaitForReplica());
  }
  void OnSource(const std::string& sql) { ASSERT_OK(pair_.source().Execute(sql)) << sql; }
  // On the replica alone.
  void OnTarget(const std::string& sql) { ASSERT_OK(pair_.replica().Execute(sql)) << sql; }

  RowReader& reader() {
    if (reader_ == nullptr) reader_ = std::make_unique<RowReader>(options_);
    return *reader_;
  }

  std::vector<model::RowAnswer> ReadAll(const std::vector<std::string>& keys) {
    std::vector<model::RowRequest> requests;
    for (const std::string& key : keys) requests.push_back({&table_, key});
    std::vector<model::RowAnswer> answers = reader().Read(requests);
    EXPECT_EQ(answers.size(), requests.size());
    answers.resize(requests.size());
    return answers;
  }
  model::RowAnswer Read(const std::string& key) { return ReadAll({key})[0]; }

  test::ReplicaPair& pair_ = test::SharedServers::Pair();
  RowReader::Options options_;
  std::unique_ptr<RowReader> reader_;
  model::Table table_{"shop.orders", {}, false};
};

}  // namespace dcp::verifier
