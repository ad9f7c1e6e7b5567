// A state directory of its own, reports to put into it, and a look into its database.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "state/state_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::state {

// A directory that ends with it.
class StateDir {
 public:
  StateDir();

  // Of the state directory, in it; not there yet.
  const std::string& path() const { return path_; }
  std::string db() const { return path_ + "/state.db"; }

 private:
  const test::TestDir root_;
  const std::string path_;
};

model::OutcomeHead Head(uint64_t from, uint64_t to);
model::Verdict Same(uint64_t from, uint64_t to);
// Key number `n`.
model::OpenFinding Finding(uint64_t n);
// As it is told, at that time; without columns and row.
model::FindingNote NoteOf(const model::OpenFinding& finding, absl::Time at);
model::PairState StateAt(uint64_t said_to);
model::AlarmPtr DiffAlarm(const std::string& id);
// Verdict, state, finding and alarm of segment (n, n+1], for the sinks a and b.
model::Report ReportOf(uint64_t n);
std::vector<model::Outbox::Addressed> AlarmsOf(uint64_t n);

class StateTest : public ::testing::Test {
 protected:
  // Opened with options_; the one before is closed first.
  absl::Status TryOpen();
  void Open() { ASSERT_OK(TryOpen()); }
  void Close() { store_.reset(); }

  absl::Status Append(uint64_t n) { return store_->Append(ReportOf(n), AlarmsOf(n)); }
  absl::Status AppendAlarm(const std::string& id, std::vector<std::string> sinks = {"a"});
  std::vector<std::string> Waiting(const std::string& sink);
  model::StoredPair Load();

  // The first column of the first row, by another connection.
  std::string Query(const std::string& sql);
  int64_t Count(const std::string& table);

  const StateDir dir_;
  std::vector<std::string> log_;
  StateStore::Options options_{.dir = dir_.path(),
                               .log = [this](absl::string_view line) { log_.emplace_back(line); }};
  std::unique_ptr<StateStore> store_;
};

}  // namespace dcp::state
