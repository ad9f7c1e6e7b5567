#include "cmd/dcp/jobs.h"

#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "barrier/barrier_table.h"
#include "base/status.h"
#include "cmd/dcp/feed.h"
#include "cmd/dcp/log.h"
#include "model/connection_options.h"
#include "model/digest.h"
#include "model/wildcard.h"
#include "mysql/connection.h"
#include "verifier/side_session.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kReadBarrier = absl::Seconds(5);

// 0: there is none, or it cannot be read now.
uint64_t ReadBarrier(verifier::SideSession& session, uint32_t id) {
  const auto rows = session.Query(barrier::SelectOffset(id));
  uint64_t offset = 0;
  const bool read =
      rows.ok() && rows->size() == 1 && absl::SimpleAtoi((*rows)[0][0].value_or(""), &offset);
  return read ? offset : 0;
}

std::string CheckpointOf(const config::Config& config, const config::JobOptions& job) {
  return absl::StrCat(config.state.dir, "/jobs/", model::ToHex(model::Xxh3(job.name)),
                      ".checkpoint");
}

// What a checkpoint holds is as it was read.
bool IsMasked(const config::Config& config, const config::JobOptions& job) {
  const auto meets = [&](const std::string& pattern) {
    return absl::c_any_of(job.tables, [&](const config::TableRule& rule) {
      return model::MayMeet(pattern, rule.as.empty() ? rule.match : rule.as);
    });
  };
  return absl::c_any_of(config.masks, [&](const config::MaskOptions& mask) {
    return absl::c_any_of(mask.tables, meets);
  });
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot make ", path, ": ", error.message()));
}

std::string ServerToml(const model::ConnectionOptions& server) {
  const std::string place = server.socket.empty()
                                ? absl::StrCat("host = \"", server.host, "\", port = ", server.port)
                                : absl::StrCat("socket = \"", server.socket, "\"");
  return absl::StrCat("{ ", place, ", user = \"", server.user, "\", password_env = \"...\" }");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Jobs>> Jobs::Create(const Parts& parts) {
  std::unique_ptr<Jobs> jobs(new Jobs(parts));
  DCP_ASSIGN_OR_RETURN(jobs->stored_, parts.state.LoadTableProofs());
  for (const config::JobOptions& job : parts.config.jobs) {
    if (job.starts) DCP_RETURN_IF_ERROR(jobs->Add(job, parts));
  }
  return jobs;
}

absl::Status Jobs::Add(const config::JobOptions& job, const Parts& parts) {
  DCP_RETURN_IF_ERROR(MakeDirectory(absl::StrCat(parts.config.state.dir, "/jobs")));
  JobRunner::Options options;
  options.job = job;
  options.numbers_from = parts.numbers_from;
  options.since = parts.since;
  options.hides_keys = IsMasked(parts.config, job);
  if (!options.hides_keys) options.checkpoint = CheckpointOf(parts.config, job);
  options.verify = [&clock = parts.clock](const verifier::VerificationOptions& verification,
                                          const verifier::Pause& pause,
                                          verifier::VerificationEvents& events) {
    return verifier::RunVerification(verification, clock, pause, events);
  };
  options.barriers = [this, &job] { return ReadBarriers(job); };
  options.prove = [this, &job](const auto& decided, const model::JobState& state) {
    return Prove(job, decided, state);
  };
  options.info = [name = job.name](absl::string_view text) {
    LogInfo(absl::StrCat("job ", name, ": ", text));
  };
  options.warn = [name = job.name](absl::string_view text) {
    LogWarning(absl::StrCat("job ", name, ": ", text));
  };
  runners_.push_back(std::make_unique<JobRunner>(std::move(options), parts.state, parts.sink,
                                                 &parts.tables, &parts.spill, parts.clock));
  return runners_.back()->Load();
}

void Jobs::Start() {
  for (auto& runner : runners_) runner->Start();
}

void Jobs::RequestStop() {
  for (auto& runner : runners_) runner->RequestStop();
}

void Jobs::Stop() {
  RequestStop();
  for (auto& runner : runners_) runner->Stop();
}

std::vector<model::JobActivity> Jobs::activities() const {
  std::vector<model::JobActivity> activities;
  for (const auto& runner : runners_) activities.push_back(runner->activity());
  return activities;
}

std::vector<model::TableProof> Jobs::proofs() const {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const config::CheckOptions& check : config_.checks) {
    for (const model::Tag& target : check.targets) pairs.insert({check.name, target.value()});
  }
  std::map<std::tuple<std::string, std::string, std::string>, model::TableProof> newest;
  const auto add = [&](const std::vector<model::TableProof>& proofs) {
    for (const model::TableProof& proof : proofs) {
      if (!pairs.contains({proof.check, proof.target})) continue;
      model::TableProof& known = newest[{proof.check, proof.target, proof.table}];
      if (known.check.empty() || known.at <= proof.at) known = proof;
    }
  };
  add(stored_);
  for (const auto& runner : runners_) add(runner->proofs());
  std::vector<model::TableProof> all;
  for (auto& [names, proof] : newest) all.push_back(std::move(proof));
  return all;
}

std::vector<model::SeenBarrier> Jobs::ReadBarriers(const config::JobOptions& job) const {
  std::vector<model::SeenBarrier> barriers;
  const std::vector<CoveredPair> pairs = CoveredPairs(config_, job);
  if (pairs.empty()) return barriers;
  verifier::SideSession source(job.source, kReadBarrier), target(job.target, kReadBarrier);
  for (const CoveredPair& pair : pairs) {
    const uint32_t id = pair.check->barrier_id;
    barriers.push_back(
        {pair.check->name, pair.target.value(), ReadBarrier(source, id), ReadBarrier(target, id)});
  }
  return barriers;
}

std::vector<model::TableProof> Jobs::Prove(const config::JobOptions& job,
                                           const std::vector<JobFindings::Decided>& decided,
                                           const model::JobState& state) const {
  std::vector<model::TableProof> proofs;
  for (const CoveredPair& pair : CoveredPairs(config_, job)) {
    const auto seen = absl::c_find_if(state.barriers, [&](const model::SeenBarrier& one) {
      return one.check == pair.check->name && one.target == pair.target.value();
    });
    if (seen == state.barriers.end() || seen->of_source == 0) continue;
    verifier::SideSession source(job.source, kReadBarrier);
    const uint64_t behind = ReadBarrier(source, pair.check->barrier_id);
    for (const JobFindings::Decided& table : decided) {
      if (!table.whole || !table.unequal.empty()) continue;
      const std::string name = CoveredTable(config_, tags_, pair, table.task);
      if (name.empty()) continue;
      proofs.push_back(
          {pair.check->name, pair.target.value(), name, job.name, seen->of_source, state.begun});
      if (seen->of_target == 0 || behind == 0) continue;
      verified_(pair, {job.name, name, seen->of_target, behind, {}});
    }
  }
  return proofs;
}

std::pair<std::string, std::string> JobPair(const config::JobOptions& job) {
  return {job.name, model::ServerOf(job.target)};
}

std::string OfferJob(const config::Config& config) {
  for (const config::CheckOptions& check : config.checks) {
    const Feed source = FeedOf(config, check.source), target = FeedOf(config, check.targets[0]);
    if (source.pushed() || target.pushed() || source.of_files() || target.of_files()) continue;
    std::vector<std::string> tables;
    for (const config::TableRule& rule : source.mysql_tag->tables) {
      tables.push_back(absl::StrCat("\"", rule.match, "\""));
    }
    return absl::StrCat(
        "no [[job]] is configured: rows that differed before the start, and that nobody touches, "
        "are not seen. A job compares all rows, for instance every night at three: [[job]] name = "
        "\"nightly\"; schedule = \"0 3 * * *\"; source = ",
        ServerToml(source.mysql->connection), "; target = ", ServerToml(target.mysql->connection),
        "; tables = [", absl::StrJoin(tables, ", "), "]");
  }
  return "";
}

}  // namespace dcp::cmd
