#include "model/job_run.h"

namespace dcp::model {

const char* ToString(JobRun::Result result) {
  switch (result) {
    case JobRun::Result::kRunning:
      return "running";
    case JobRun::Result::kSame:
      return "same";
    case JobRun::Result::kDiff:
      return "diff";
    case JobRun::Result::kUnverified:
      return "unverified";
    case JobRun::Result::kUnfinished:
      return "unfinished";
    case JobRun::Result::kFailed:
      return "failed";
    case JobRun::Result::kMissed:
      return "missed";
  }
  return "";
}

}  // namespace dcp::model
