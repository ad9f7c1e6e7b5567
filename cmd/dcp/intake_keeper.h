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

#include "absl/status/status.h"
#include "base/mutex.h"
#include "config/config.h"
#include "model/ports/outcome_sink.h"
#include "model/tag.h"

namespace dcp::cmd {

class IntakeKeeper final : public model::OutcomeSink {
 public:
  using Pair = std::pair<std::string, std::string>;  // check, target
  // From where each check reads a tag again; empty: not known.
  using Places = std::map<Pair, std::string>;
  using Forget = std::function<void(const model::Tag& tag, const std::string& place)>;

  // `next` outlives it. `forget` is called under a lock of this, for durable tags only.
  IntakeKeeper(const config::Config& config, model::OutcomeSink& next, Forget forget);

  absl::Status Put(model::Report& report) override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Note(const model::Tag& tag, const Pair& pair, const std::string& place)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  model::OutcomeSink& next_;
  const Forget forget_;
  std::map<Pair, model::Tag> sources_;  // constant after construction
  Mutex mu_;
  std::map<model::Tag, Places> kept_ ABSL_GUARDED_BY(mu_);  // durable tags
};

}  // namespace dcp::cmd
