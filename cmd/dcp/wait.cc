#include "cmd/dcp/wait.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "alarm/text.h"
#include "base/stopper.h"

namespace dcp::cmd {
namespace {

using model::Standing;

bool Passes(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsFailedPrecondition(status) ||
         absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status);
}

class Waiter {
 public:
  Waiter(const WaitOptions& options, model::ProofSource& source, const Clock& clock)
      : options_(options),
        source_(source),
        clock_(clock),
        // Added up it would not be infinite any more.
        end_(options.timeout == absl::InfiniteDuration() ? options.timeout
                                                         : clock.Monotonic() + options.timeout) {}

  WaitResult Run() {
    for (const std::string& check : options_.checks) TakeMarks(check);
    while (result_.error.ok() && !Look()) {
      if (!Pause()) break;
    }
    result_.exit_code = ExitCode();
    return std::move(result_);
  }

 private:
  bool Pause() {
    const absl::Duration left = end_ - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    Stopper().Pause(std::min(options_.pause, left), clock_);
    return true;
  }

  void TakeMarks(const std::string& check) {
    while (result_.error.ok()) {
      auto marks = source_.TakeMarks({check, options_.gtid, options_.barrier});
      if (marks.ok()) {
        for (model::ProofMark& mark : *marks)
          result_.targets.push_back({std::move(mark), {}, {}, ""});
        return;
      }
      if (!Passes(marks.status())) {
        result_.error = marks.status();
      } else if (!Pause()) {
        TargetResult none;
        none.mark.check = check;
        none.why = std::string(marks.status().message());
        result_.targets.push_back(std::move(none));
        return;
      }
    }
  }

  // True: it is decided.
  bool Look() {
    bool all = true;
    for (TargetResult& target : result_.targets) {
      LookAt(target);
      if (target.standing == Standing::kUnproven) return true;
      all = all && target.standing != Standing::kPending;
    }
    return all;
  }

  // Each time anew: a finding that was open may have ended, and what was equal at the goal is said
  // of the goal only.
  void LookAt(TargetResult& target) {
    if (target.mark.goal == 0 || target.standing == Standing::kEqual) return;
    auto proof = source_.Prove(target.mark);
    if (!proof.ok()) {
      if (!Passes(proof.status())) result_.error = proof.status();
      target.why = std::string(proof.status().message());
      return;
    }
    target.why.clear();
    target.proof = *std::move(proof);
    target.standing = StandingOf(target.mark, target.proof);
  }

  int ExitCode() const {
    const auto some = [&](Standing standing) {
      return absl::c_any_of(result_.targets,
                            [&](const TargetResult& one) { return one.standing == standing; });
    };
    if (some(Standing::kDifferent)) return kWaitDifferent;
    return some(Standing::kUnproven) || some(Standing::kPending) ? kWaitNotInTime : 0;
  }

  const WaitOptions& options_;
  model::ProofSource& source_;
  const Clock& clock_;
  const absl::Duration end_;  // monotonic
  WaitResult result_;
};

const char* Word(Standing standing) {
  switch (standing) {
    case Standing::kPending:
      return "late";
    case Standing::kEqual:
      return "equal";
    case Standing::kDifferent:
      return "different";
    case Standing::kUnproven:
      return "unproven";
  }
  return "unknown";
}

std::string WhyUnproven(const TargetResult& target) {
  const model::Proof& proof = target.proof;
  if (proof.epoch != target.mark.epoch) {
    return absl::StrCat("the source's barriers began anew (epoch ", target.mark.epoch, " to ",
                        proof.epoch, "), and what stood open then was not seen whole");
  }
  if (proof.unverified > 0) {
    return absl::StrCat("what was changed between barriers ", proof.unverified_from, " and ",
                        proof.unverified_to, " was not verified (",
                        alarm::Readable(proof.unverified_reason),
                        "): compare the tables with dcp "
                        "verify");
  }
  return absl::StrCat("no verdict is known on all between barriers ", target.mark.from, " and ",
                      target.mark.goal, ": compare the tables with dcp verify");
}

std::string WhyPending(const TargetResult& target) {
  if (!target.why.empty()) return alarm::Readable(target.why, 1000);
  return absl::StrCat("verdicts go up to barrier ", target.proof.said_to, ", ", target.mark.goal,
                      " is needed: dcp status says what is late");
}

std::string Why(const TargetResult& target) {
  switch (target.standing) {
    case Standing::kPending:
      return WhyPending(target);
    case Standing::kEqual:
      return absl::StrCat("all changes from barrier ", target.proof.verified_since, " to ",
                          target.mark.goal);
    case Standing::kDifferent:
      return absl::StrCat(target.proof.open_findings, " open finding",
                          target.proof.open_findings == 1 ? "" : "s", " at barrier ",
                          target.proof.said_to, ": dcp diffs list shows them");
    case Standing::kUnproven:
      return WhyUnproven(target);
  }
  return "";
}

}  // namespace

WaitResult Wait(const WaitOptions& options, model::ProofSource& source, const Clock& clock) {
  return Waiter(options, source, clock).Run();
}

std::string WaitText(const TargetResult& target, const Colours& colours) {
  const std::string word = Word(target.standing);
  const std::string shown = target.standing == Standing::kEqual       ? colours.Good(word)
                            : target.standing == Standing::kDifferent ? colours.Bad(word)
                                                                      : colours.Unsure(word);
  return absl::StrCat("check ", alarm::Readable(target.mark.check),
                      target.mark.target.empty() ? "" : " target ",
                      alarm::Readable(target.mark.target), ": ", shown, ": ", Why(target));
}

std::string WaitJson(const TargetResult& target) {
  const model::Proof& proof = target.proof;
  std::string json = absl::StrCat(
      "{\"check\":", alarm::JsonString(target.mark.check),
      ",\"target\":", alarm::JsonStringOrNull(target.mark.target), ",\"standing\":\"",
      Word(target.standing), "\",\"epoch\":", target.mark.epoch, ",\"from\":", target.mark.from,
      ",\"goal\":", target.mark.goal, ",\"verified_barrier\":", proof.said_to);
  absl::StrAppend(&json, ",\"open_findings\":", proof.open_findings, ",\"same\":", proof.same,
                  ",\"diff\":", proof.diff, ",\"unverified\":", proof.unverified,
                  ",\"verified_since\":");
  absl::StrAppend(&json, target.standing == Standing::kEqual ? absl::StrCat(proof.verified_since)
                                                             : std::string("null"));
  return absl::StrCat(json, ",\"detail\":", alarm::JsonString(Why(target)), "}");
}

}  // namespace dcp::cmd
