// IntakeKeeper stands between the checks and the sink of what they say: once that is stored,
// it knows from where each durable pushed tag has to be read again after a restart, and lets
// the tag's collector forget what stands before.
//
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "config/config.h"
#include "model/ports/outcome_sink.h"
#include "model/tag.h"

namespace dcp::cmd {

class IntakeKeeper final : public model::OutcomeSink {
 public:
  using Forget = std::function<void(const model::Tag& tag, const std::string& place)>;

  // `next` outlives it. `forget` is called under a lock of this, for durable tags only.
  IntakeKeeper(const config::Config& config, model::OutcomeSink& next, Forget forget);

  absl::Status Put(const model::Report& report) override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Pair = std::pair<std::string, std::string>;  // check, target

  // A durable tag, and from where each check that uses it reads it again; empty: not known.
  struct Kept {
    model::Tag tag;
    std::map<Pair, std::string> places;
  };

  void Note(const std::string& tag, const Pair& pair, const std::string& place)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  model::OutcomeSink& next_;
  const Forget forget_;
  Mutex mu_;
  std::map<std::string, Kept> tags_ ABSL_GUARDED_BY(mu_);  // by name
};

}  // namespace dcp::cmd
