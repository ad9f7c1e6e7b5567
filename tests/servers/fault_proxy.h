// FaultProxy: stands between a client and a server on a port of 127.0.0.1 of its own, and breaks
// connections where a test says. It reads MySQL's packets as far as it must to know where the
// events of a binlog stream begin and end; so what goes through it is neither encrypted nor
// compressed wherever StreamFaults are asked for.
//
// Thread-safe. Has threads of its own, two for each connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace dcp::test {

// Where binlog streams break. The proxy calls it for one stream at a time.
class StreamFaults {
 public:
  enum class Break {
    kClose,  // as a server that ends: the client reads what was sent, then the end
    kReset,  // as a crash: an error at once
    kStall,  // nothing is forwarded on this connection any more, and nobody is told
  };
  struct Fault {
    size_t after = 0;  // bytes of the packet that are still forwarded
    Break how = Break::kClose;
  };

  virtual ~StreamFaults() = default;
  // A client has asked for the binlog.
  virtual void Begin() {}
  // `event` is the next one, in all its packets, headers included. nullopt: it passes whole.
  virtual std::optional<Fault> At(absl::string_view event) = 0;
};

// Each event that was not seen before is the last of its stream, once; so a client that goes on
// where it was broken is broken at every boundary between two events. Or every `every`th of them.
class BreakBehindEachEvent final : public StreamFaults {
 public:
  explicit BreakBehindEachEvent(size_t every = 1) : every_(every) {}
  std::optional<Fault> At(absl::string_view event) override;
  size_t breaks() const { return breaks_; }

 private:
  const size_t every_;
  std::set<size_t> seen_;  // hashes
  std::atomic<size_t> breaks_ = 0;
};

// Breaks `breaks` streams at a random byte, closing and resetting in turn, `bytes` behind their
// beginning on average; later ones pass.
class BreakAtRandomBytes final : public StreamFaults {
 public:
  BreakAtRandomBytes(size_t breaks, uint64_t bytes, uint32_t seed)
      : left_(breaks), bytes_(bytes), random_(seed) {}
  void Begin() override;
  std::optional<Fault> At(absl::string_view event) override;
  size_t left() const { return left_; }

 private:
  std::atomic<size_t> left_;
  const uint64_t bytes_;
  std::mt19937 random_;
  uint64_t until_break_ = 0;
};

class FaultProxy {
 public:
  // Forwards to `port` of 127.0.0.1.
  static absl::StatusOr<std::unique_ptr<FaultProxy>> Start(uint16_t port);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  uint16_t port() const { return port_; }
  // Streams asked for so far.
  uint64_t streams() const { return streams_; }

  // Of the streams that begin from here on; null: none.
  void SetFaults(std::shared_ptr<StreamFaults> faults) ABSL_LOCKS_EXCLUDED(mu_);

  // As a network that drops all packets: connections stay, and nothing comes through.
  void Stall() ABSL_LOCKS_EXCLUDED(mu_);
  // Each piece waits for so long before it goes on.
  void SetDelay(absl::Duration delay) ABSL_LOCKS_EXCLUDED(mu_);
  // Closes the connections there are; new ones are closed as soon as they come.
  void Refuse() ABSL_LOCKS_EXCLUDED(mu_);
  // Ends what Stall, SetDelay and Refuse began.
  void Heal() ABSL_LOCKS_EXCLUDED(mu_);
  // Closes the connections there are.
  void CutAll() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Link {
    int client = -1, server = -1;
    std::thread up, down;
    std::atomic<int> running = 2;  // threads; goes to 0, where the sockets are closed, under mu_
    std::atomic<bool> streaming = false;  // the client has asked for the binlog
    std::atomic<bool> stalled = false;
    std::shared_ptr<StreamFaults> faults;  // set before `streaming`
  };

  FaultProxy(int listener, uint16_t port, uint16_t target);
  void Accept();
  void Open(int client);
  void Reap(bool all);
  void Upwards(Link* link);
  void Downwards(Link* link);
  bool ForwardEvent(Link* link, std::string* buffer);
  bool Break(Link* link, absl::string_view event, const StreamFaults::Fault& fault);
  bool Forward(Link* link, int to, absl::string_view bytes) ABSL_LOCKS_EXCLUDED(mu_);
  void BeginStream(Link* link) ABSL_LOCKS_EXCLUDED(mu_);
  void Finish(Link* link) ABSL_LOCKS_EXCLUDED(mu_);
  static void End(Link* link, bool reset);

  const int listener_;
  const uint16_t port_;
  const uint16_t target_;
  std::atomic<uint64_t> streams_ = 0;
  std::thread acceptor_;

  Mutex mu_;
  CondVar changed_;
  std::list<std::unique_ptr<Link>> links_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<StreamFaults> faults_ ABSL_GUARDED_BY(mu_);
  bool stalled_ ABSL_GUARDED_BY(mu_) = false;
  bool refusing_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration delay_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();
};

}  // namespace dcp::test
