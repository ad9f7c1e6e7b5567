// Writes on the source while something else is tested.
//
// DCP_TEST_VERIFY_SCALE (default 1) multiplies rows.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/servers/process.h"
#include "tests/verifier/verification_fixture.h"

namespace dcp::verifier {

inline constexpr uint32_t kWriterSeed = 20260228;

inline int Rows() {
  const char* const scale = std::getenv("DCP_TEST_VERIFY_SCALE");
  return 100'000 * (scale == nullptr ? 1 : std::max(1, std::atoi(scale)));
}

// Writes to shop.t on the source, a statement at a time, until it is destroyed. Ids that end in 7
// are left alone, unless `all`.
class Writer {
 public:
  Writer(test::MysqlServer& server, int rows, absl::Duration pause, std::vector<int> only = {},
         bool all = false)
      : rows_(rows), pause_(pause), only_(std::move(only)), all_(all) {
    auto session = server.Connect();
    EXPECT_OK(session);
    session_ = *std::move(session);
    thread_ = std::thread([this] { Write(); });
  }
  ~Writer() {
    stop_ = true;
    thread_.join();
    EXPECT_GT(written_.load(), 0);
  }
  int written() const { return written_; }

 private:
  void Write() {
    std::minstd_rand random(kWriterSeed);
    while (!stop_) {
      int id = std::uniform_int_distribution<int>(1, rows_ + rows_ / 10)(random);
      if (!only_.empty()) id = only_[static_cast<size_t>(id) % only_.size()];
      if (only_.empty() && !all_ && id % 10 == 7) continue;
      const int kind = std::uniform_int_distribution<int>(0, only_.empty() ? 9 : 0)(random);
      std::string sql = absl::StrCat("UPDATE shop.t SET v = v + 1 WHERE id = ", id);
      if (kind == 8) sql = absl::StrCat("DELETE FROM shop.t WHERE id = ", id);
      if (kind == 9) sql = absl::StrCat("REPLACE INTO shop.t VALUES (", id, ", 0, 'new')");
      EXPECT_OK(session_->Execute(sql)) << sql;
      ++written_;
      test::Pause(pause_);
    }
  }

  const int rows_;
  const absl::Duration pause_;
  const std::vector<int> only_;
  const bool all_;
  std::unique_ptr<test::Session> session_;
  std::atomic<bool> stop_{false};
  std::atomic<int> written_{0};
  std::thread thread_;
};

}  // namespace dcp::verifier
