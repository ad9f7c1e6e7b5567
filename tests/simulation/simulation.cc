#include "tests/simulation/simulation.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/checker/model/properties.h"
#include "tests/simulation/client.h"
#include "tests/simulation/fake_vfs.h"
#include "tests/simulation/process.h"
#include "tests/simulation/surroundings.h"

namespace dcp::simulation {
namespace {

using checker::test::Said;

constexpr uint64_t kMostSteps = 100'000;  // more: it makes no progress

class Simulation {
 public:
  Simulation(const World& world, uint64_t seed, const RunOptions& options)
      : around_(seed, world, options.readable),
        vfs_(around_.disk, static_cast<int>(1 + around_.random.Below(60))) {
    around_.has_faults = options.faults;
    for (const CheckedPair& pair : world.pairs) {
      for (const Feeding* feeding : {&pair.source, &pair.target}) {
        if (feeding->pushed) clients_.emplace_back(*feeding, around_);
        feedings_.push_back(feeding);
      }
    }
  }

  RunResult Run() {
    const uint64_t faulty_steps = around_.has_faults ? 100 + around_.random.Below(500) : 0;
    while (around_.ledger.failure().empty() && !(quiet_ && Drained())) {
      if (++result_.steps > faulty_steps && !quiet_) BeQuiet();
      if (result_.steps > kMostSteps) around_.ledger.Fail("it comes to no end");
      Step();
    }
    process_.reset();
    for (const CheckedPair& pair : around_.world.pairs) {
      const std::string& check = pair.history.options.check;
      result_.told[check] = around_.ledger.Told(check);
    }
    result_.failure = around_.ledger.failure();
    result_.lost_runs = around_.lost_runs;
    result_.hash = around_.trace.hash();
    result_.trace = around_.trace.text();
    return std::move(result_);
  }

 private:
  enum class End : uint8_t { kStop, kKill, kPowerLoss };

  bool Drained() {
    return process_ != nullptr && idle_rounds_ > 3 && process_->idle() &&
           std::all_of(clients_.begin(), clients_.end(), [](const auto& c) { return c.done(); });
  }

  // From here on nothing goes wrong.
  void BeQuiet() {
    quiet_ = true;
    around_.has_faults = false;
    around_.disk.FillUntil(absl::ZeroDuration());
    around_.disk.FailUntil(absl::ZeroDuration(), 0);
    around_.disk.DieAfter(~uint64_t{0});
    around_.trace.Add("all is quiet");
  }

  void Step() {
    if (process_ == nullptr && !Start()) {
      around_.clock.Advance(absl::Seconds(1));
    } else {
      if (around_.has_faults && around_.random.Percent(12)) Disturb();
      if (process_ != nullptr) Work();
    }
    if (around_.disk.dead()) Ended(end_);
  }

  bool Start() {
    around_.disk.Begin();
    if (around_.has_faults && around_.random.Percent(15)) ArmEnd(around_.random.Below(60));
    ++result_.starts;
    around_.trace.Add("dcp starts");
    auto process = Process::Start(around_, /*may_be_new=*/!was_open_);
    if (around_.disk.dead()) return false;
    if (!process.ok()) {
      around_.trace.Add("it cannot: ", process.status().ToString());
      if (absl::IsDataLoss(process.status()) || quiet_) {
        around_.ledger.Fail(process.status().ToString());
      }
      return false;
    }
    was_open_ = true;
    process_ = *std::move(process);
    for (const Feeding* feeding : feedings_) {
      if (!feeding->pushed) continue;
      for (const Client& client : clients_) {
        if (client.tag() == feeding->tag) client.CheckHeld(*process_);
      }
    }
    return true;
  }

  void ArmEnd(uint64_t operations) {
    end_ = around_.random.Percent(50) ? End::kKill : End::kPowerLoss;
    around_.disk.DieAfter(operations);
  }

  // The process is gone, or goes.
  void Ended(End end) {
    around_.trace.Add(end == End::kStop ? "dcp stops" : "dcp is lost");
    for (Client& client : clients_) client.Disconnect(nullptr);
    process_.reset();
    if (end == End::kKill) ++result_.kills;
    const bool power_lost =
        end == End::kPowerLoss || (end == End::kKill && around_.random.Percent(20));
    if (power_lost) {
      ++result_.power_losses;
      around_.disk.LosePower();
    }
    around_.disk.Begin();
  }

  void Disturb() {
    const absl::Duration now = around_.clock.Monotonic();
    const absl::Duration span = absl::Seconds(1 + static_cast<int64_t>(around_.random.Below(20)));
    switch (around_.random.Below(8)) {
      case 0:
        return ArmEnd(around_.random.Below(30));
      case 1:
        around_.disk.Die();
        end_ = around_.random.Percent(50) ? End::kKill : End::kPowerLoss;
        return Ended(end_);
      case 2:
        return around_.random.Percent(50) ? Ended(End::kStop) : void();
      case 3:
        around_.trace.Add("the disk is full");
        return around_.disk.FillUntil(now + span);
      case 4:
        around_.trace.Add("the disk fails");
        return around_.disk.FailUntil(now + span, 1 + around_.random.Below(40));
      case 5:
        return around_.clock.Jump(absl::Hours(around_.random.In(-500, 500)));
      case 6:
        for (Client& client : clients_) client.Forget();
        [[fallthrough]];
      default:
        for (Client& client : clients_) client.Disconnect(process_.get());
    }
  }

  void Work() {
    bool worked = false;
    switch (around_.random.Below(5)) {
      case 0:
      case 1:
        worked = Read(*feedings_[around_.random.Below(feedings_.size())]);
        break;
      case 2:
        worked = clients_[around_.random.Below(clients_.size())].Step(*process_);
        break;
      case 3:
        worked = process_->Deliver();
        break;
      case 4:
        around_.clock.Advance(absl::Milliseconds(around_.random.Below(3000)));
        process_->Tick();
        return;
      default:
        break;
    }
    ++rounds_;
    if (worked) last_work_ = rounds_;
    idle_rounds_ = (rounds_ - last_work_) / 40;
  }

  bool Read(const Feeding& feeding) {
    return feeding.pushed ? process_->FeedPushed(feeding.tag) : process_->ReadServer(feeding);
  }

  RunResult result_;
  Surroundings around_;
  FakeVfs vfs_;
  std::vector<const Feeding*> feedings_;
  std::vector<Client> clients_;
  std::unique_ptr<Process> process_;
  End end_ = End::kStop;  // how the process ends when its disk dies
  bool quiet_ = false, was_open_ = false;
  uint64_t rounds_ = 0, last_work_ = 0, idle_rounds_ = 0;
};

bool IsUnsettled(const Said& said) {
  return said.kind == Said::Kind::kUnverified && said.reason == "restart";
}

std::string Difference(const std::string& check, const std::vector<Said>& undisturbed,
                       const std::vector<Said>& disturbed) {
  return absl::StrCat("check ", check, " was to say\n", checker::test::ToString(undisturbed),
                      "and its sink was told\n", checker::test::ToString(disturbed));
}

std::string Contradiction(const CheckedPair& pair, const std::vector<Said>& told) {
  if (!pair.no_false_difference && !pair.history.faulty) return "";
  // Of what stands behind a history's last barrier its truth knows nothing.
  std::vector<Said> within = told;
  std::erase_if(within, [](const Said& said) { return said.to >= kQuietFrom; });
  return checker::test::FindContradiction(pair.history, within);
}

void Compare(const CheckedPair& pair, Trial& trial) {
  const std::string& check = pair.history.options.check;
  if (trial.disturbed.lost_runs.contains(check)) return;
  ++trial.compared;
  const std::vector<Said>& expected = trial.undisturbed.told[check];
  const std::vector<Said>& told = trial.disturbed.told[check];
  if (told != expected) {
    if (!std::any_of(told.begin(), told.end(), IsUnsettled)) {
      trial.failure = Difference(check, expected, told);
    }
    trial.unsettled = true;
  }
  if (!trial.failure.empty()) return;
  trial.failure = Contradiction(pair, told);
}

}  // namespace

RunResult RunOnce(const World& world, uint64_t seed, const RunOptions& options) {
  return Simulation(world, seed, options).Run();
}

Trial Try(uint64_t seed, bool readable) {
  const World world = MakeWorld(seed);
  Trial trial;
  if (readable) {
    for (const CheckedPair& pair : world.pairs) trial.world += checker::test::Dump(pair.history);
  }
  trial.undisturbed = RunOnce(world, seed, {.faults = false, .readable = false});
  trial.disturbed = RunOnce(world, seed, {.faults = true, .readable = readable});
  trial.failure = !trial.undisturbed.failure.empty()
                      ? absl::StrCat("undisturbed: ", trial.undisturbed.failure)
                      : trial.disturbed.failure;
  for (const CheckedPair& pair : world.pairs) {
    if (trial.failure.empty()) Compare(pair, trial);
  }
  return trial;
}

}  // namespace dcp::simulation
