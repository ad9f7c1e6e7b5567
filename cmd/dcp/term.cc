#include "cmd/dcp/term.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file_io.h"
#include "base/status.h"
#include "cmd/dcp/handover.h"
#include "cmd/dcp/log.h"

namespace dcp::cmd {
namespace {

namespace fs = std::filesystem;

// The epoch of the last term that began with this directory.
constexpr char kEpochFile[] = "epoch";

uint64_t ReadEpoch(const fs::path& dir) {
  std::ifstream in(dir / kEpochFile);
  uint64_t epoch = 0;
  return in >> epoch ? epoch : 0;
}

// The directory is locked by the state; a torn file is no epoch that ever was.
absl::Status WriteEpoch(const fs::path& dir, uint64_t epoch) {
  const std::string path = dir / kEpochFile;
  if (ReplaceFile(FileIo::Real(), path, absl::StrCat(epoch, "\n")) == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
}

// What belongs to the time before another one was active: messages that clients pushed here,
// between which some went there; runs of jobs that were not ended; what fired at an Alertmanager,
// which may have ended.
absl::Status DropWhatIsOld(const fs::path& dir) {
  std::error_code error;
  std::vector<fs::path> old = {dir / "intake", dir / "jobs"};
  for (const fs::directory_entry& entry : fs::directory_iterator(dir, error)) {
    if (absl::StartsWith(entry.path().filename().string(), "alertmanager-")) {
      old.push_back(entry.path());
    }
  }
  for (const fs::path& path : old) {
    if (!error) fs::remove_all(path, error);
  }
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("cannot remove what is old in ", dir.string(), ": ", error.message()));
}

std::vector<HandedPair> Read(const std::string& bytes) {
  if (bytes.empty()) return {};
  auto pairs = FromHandover(bytes);
  if (pairs.ok()) return *std::move(pairs);
  LogError(pairs.status().message());
  return {};
}

}  // namespace

absl::Status BeginTerm(const config::Config& config, const barrier::Leader::Term& term,
                       absl::Time now, state::StateStore& state) {
  const fs::path dir = config.state.dir;
  // As if there had been one term.
  const bool own = ReadEpoch(dir) == term.previous;
  if (!own) DCP_RETURN_IF_ERROR(DropWhatIsOld(dir));
  std::vector<std::string> lines;
  const absl::Status taken = TakeOver(config, Read(term.handover), own, now, state, &lines);
  for (const std::string& line : lines) LogInfo(line);
  DCP_RETURN_IF_ERROR(taken);
  return WriteEpoch(dir, term.epoch);
}

}  // namespace dcp::cmd
