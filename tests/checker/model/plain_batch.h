// From plain streams to what collectors hand to checks, and from what checks say to plain
// words.
#pragma once

#include <cstddef>
#include <vector>

#include "model/change_batch.h"
#include "model/place.h"
#include "model/verdict.h"
#include "tests/checker/model/slow_model.h"
#include "tests/checker/model/stream.h"

namespace dcp::checker::test {

// Appends a transaction, whose barriers tell `place`.
void AddTxn(const PlainTxn& plain, const model::Place& place, model::ChangeBatch& batch);

// How the stream begins when it is read again from item `at` on. REQUIRES: at > 0
model::StreamOrigin OriginAt(const Stream& stream, size_t at, model::Place place);

// One transaction that goes back over two epochs: a place inside it cannot be told.
bool GoesBackInside(const StreamItem& item);

// A timeout, which the rules do not know, is a kResolved with a key that says so.
Said SaidOf(const model::Outcome& outcome);
// `resolved` that stand together are one thing said.
void Collect(const Said& said, std::vector<Said>* to);

}  // namespace dcp::checker::test
