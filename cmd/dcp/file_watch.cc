#include "cmd/dcp/file_watch.h"

#include <sys/stat.h>

namespace dcp::cmd {

FileWatch::Stamp FileWatch::Look() const {
  struct stat file = {};
  if (::stat(path_.c_str(), &file) != 0) return {};
  return {file.st_dev, file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec};
}

bool FileWatch::Changed(absl::Duration now) {
  const Stamp stamp = Look();
  if (stamp != seen_) {
    seen_ = stamp;
    seen_at_ = now;
    return false;
  }
  if (seen_ == known_ || seen_ == Stamp() || now - seen_at_ < kQuiet) return false;
  known_ = seen_;
  return true;
}

}  // namespace dcp::cmd
