// PayloadReader: the events inside a TRANSACTION_PAYLOAD event, one at a time:
// memory holds one inner event, however much the payload unpacks to.
//
// Thread-compatible. Borrows the payload's bytes until the next Start().
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "mysql/bytes.h"
#include "mysql/event.h"

namespace dcp::mysql {

class PayloadReader {
 public:
  PayloadReader();
  ~PayloadReader();
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;

  // kUnimplemented: a compression that is not known.
  absl::Status Start(const TransactionPayloadFields& fields);

  // The next whole event (header and body; inner events have no checksum),
  // valid until the next call; empty at the end of the payload.
  // kDataLoss: the payload is damaged, or unpacks to another size than it says.
  absl::StatusOr<Bytes> Next();

 private:
  struct Stream;

  // Makes buffer_ hold `size` bytes. False: the payload ended before the
  // first; an error: in between.
  absl::StatusOr<bool> Fill(size_t have, size_t size);
  // All that the payload says has come: nothing more may.
  absl::Status CheckEnd();

  std::unique_ptr<Stream> stream_;
  Bytes input_;
  uint64_t left_ = 0;  // unpacked bytes still to come
  bool compressed_ = false;
  std::vector<uint8_t> buffer_;
};

}  // namespace dcp::mysql
