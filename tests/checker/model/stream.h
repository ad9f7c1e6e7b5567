// Plain streams for the slow model and the generator: what one side of a check
// shows, in order, without batches, slices or interning.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/change.h"
#include "model/change_batch.h"
#include "model/gtid.h"
#include "model/version.h"

namespace dcp::checker::test {

struct PlainChange {
  std::string table;  // logical name
  std::string key;    // text of the whole key
  model::Version before;
  model::Version after;
  model::Op op = model::Op::kInsert;
  bool relative = false;
  model::Digest delta;  // only if relative
};

// One transaction: its changes and marks in order (Mark::at is not used).
struct PlainTxn {
  model::Gtid gtid;
  std::vector<std::variant<PlainChange, model::Mark>> entries;
};

// A stream begins with an origin; a later one begins it anew.
using StreamItem = std::variant<model::StreamOrigin, PlainTxn>;
using Stream = std::vector<StreamItem>;

// One line per item: `g7 t[1] a>b; t[2] ->c`, `| 5` for a barrier.
std::string Dump(const Stream& stream);
std::string Dump(const model::Version& version);

}  // namespace dcp::checker::test
