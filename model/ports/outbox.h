// Outbox: the alarms on their way, per sink, until each sink has acknowledged
// them. At least once: what was not acknowledged comes again, after a restart too
// where the implementation is durable.
//
// Bounded: when full it gives up, per sink, what is superseded first: a `same`
// that a later verdict on the same check and target follows, then any `same`, then
// a `diff` or `timeout` whose `resolved` waits behind it, and only then the oldest
// of the rest, which is lost. All of it is counted, so that it can be said.
//
// Thread-safe; one thread at a time per sink calls Next, Acknowledge and PutAside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/alarm.h"
#include "model/pair_state.h"

namespace dcp::model {

class Outbox {
 public:
  // An alarm and the names of the sinks that it is for.
  struct Addressed {
    AlarmPtr alarm;
    std::vector<std::string> sinks;
    bool quiet = false;  // nothing of it is for people
  };
  struct Entry {
    uint64_t sequence = 0;  // grows with every Append
    AlarmPtr alarm;
  };
  // The oldest entry of one check.
  struct Head {
    std::string check;
    uint64_t sequence = 0;
  };
  struct Counts {
    uint64_t waiting = 0;
    uint64_t waiting_bytes = 0;
    uint64_t superseded = 0;  // given up, something later says more
    uint64_t lost = 0;        // given up, nothing does
    uint64_t put_aside = 0;
  };

  virtual ~Outbox() = default;

  // Stores the alarms of `report`, all or none; a durable implementation stores the
  // report with them, in one transaction. An error means that nothing is stored, and
  // that the same call may succeed later. An alarm with no sink waits for none; a durable
  // implementation keeps it for who watches (model/ports/alarm_history.h), as all others.
  virtual absl::Status Append(const Report& report, const std::vector<Addressed>& alarms) = 0;

  // Of each check with entries for `sink` the oldest one, by sequence.
  virtual std::vector<Head> Heads(const std::string& sink) const = 0;

  // The oldest `max` entries of `check` for `sink`. They are not given up before
  // the next call for the same sink and check.
  virtual std::vector<Entry> Next(const std::string& sink, const std::string& check,
                                  size_t max) = 0;

  // `sink` has it for good. Nothing happens when the entry is not there.
  virtual void Acknowledge(const std::string& sink, uint64_t sequence) = 0;

  // `sink` will never take it: out of the way of the others, counted apart.
  virtual void PutAside(const std::string& sink, uint64_t sequence) = 0;

  virtual Counts CountsOf(const std::string& sink) const = 0;
};

}  // namespace dcp::model
