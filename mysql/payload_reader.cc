#include "mysql/payload_reader.h"

#include <zstd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::mysql {
namespace {

constexpr size_t kMaxEventSize = (size_t{1} << 30) + (size_t{1} << 20);
constexpr size_t kKeptBuffer = size_t{16} << 20;
constexpr size_t kGrowth = size_t{1} << 20;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged TRANSACTION_PAYLOAD event: ", what));
}

absl::Status OtherSize() { return Damaged("it unpacks to another size than it says"); }

}  // namespace

struct PayloadReader::Stream {
  Stream() : context(ZSTD_createDStream()) {}
  ~Stream() { ZSTD_freeDStream(context); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  ZSTD_DStream* context;
};

PayloadReader::PayloadReader() = default;
PayloadReader::~PayloadReader() = default;

absl::Status PayloadReader::Start(const TransactionPayloadFields& fields) {
  input_ = fields.payload;
  compressed_ = fields.compression == TransactionPayloadFields::kZstd;
  left_ = compressed_ ? fields.uncompressed_size : fields.payload.size();
  if (!compressed_ && fields.compression != TransactionPayloadFields::kNone) {
    return absl::UnimplementedError(absl::StrCat("compression type ", fields.compression,
                                                 " of a transaction payload is not known"));
  }
  if (buffer_.size() > kKeptBuffer) std::vector<uint8_t>().swap(buffer_);
  if (!compressed_) return absl::OkStatus();
  if (stream_ == nullptr) stream_ = std::make_unique<Stream>();
  if (stream_->context == nullptr) return absl::ResourceExhaustedError("no memory for zstd");
  ZSTD_initDStream(stream_->context);
  return absl::OkStatus();
}

absl::StatusOr<Bytes> PayloadReader::Next() {
  DCP_ASSIGN_OR_RETURN(const bool more, Fill(0, kEventHeaderSize));
  if (!more) return Bytes();
  DCP_ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(buffer_));
  if (header.size < kEventHeaderSize || header.size > kMaxEventSize) {
    return Damaged(absl::StrCat("inner event of ", header.size, " bytes"));
  }
  DCP_RETURN_IF_ERROR(Fill(kEventHeaderSize, header.size).status());
  return Bytes(buffer_).first(header.size);
}

absl::Status PayloadReader::CheckEnd() {
  size_t taken = 1;
  while (compressed_ && taken > 0) {
    uint8_t beyond = 0;
    ZSTD_outBuffer out = {&beyond, 1, 0};
    ZSTD_inBuffer in = {input_.data(), input_.size(), 0};
    const size_t result = ZSTD_decompressStream(stream_->context, &out, &in);
    if (ZSTD_isError(result) != 0) return Damaged(ZSTD_getErrorName(result));
    if (out.pos > 0) return OtherSize();
    taken = in.pos;
    input_ = input_.subspan(taken);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> PayloadReader::Fill(size_t have, size_t size) {
  if (left_ == 0 && have == 0) {
    DCP_RETURN_IF_ERROR(CheckEnd());
    return false;
  }
  if (size - have > left_) return OtherSize();
  while (have < size) {
    // Grown as bytes come, so that a false size costs nothing.
    if (buffer_.size() < size) buffer_.resize(std::min(size, have + kGrowth));
    const size_t room = std::min(buffer_.size(), size) - have;
    size_t got = 0;
    if (compressed_) {
      ZSTD_outBuffer out = {buffer_.data() + have, room, 0};
      ZSTD_inBuffer in = {input_.data(), input_.size(), 0};
      const size_t result = ZSTD_decompressStream(stream_->context, &out, &in);
      if (ZSTD_isError(result) != 0) return Damaged(ZSTD_getErrorName(result));
      input_ = input_.subspan(in.pos);
      got = out.pos;
      if (got == 0 && in.pos == 0) return Damaged("it ends early");
    } else {
      got = room;
      std::copy_n(input_.begin(), got, buffer_.begin() + static_cast<ptrdiff_t>(have));
      input_ = input_.subspan(got);
    }
    have += got;
    left_ -= got;
  }
  return true;
}

}  // namespace dcp::mysql
