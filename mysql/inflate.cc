#include "mysql/inflate.h"

#include <zlib.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dcp::mysql {
namespace {

constexpr uint64_t kMaxSize = uint64_t{1} << 30;
constexpr size_t kGrowth = size_t{1} << 20;
constexpr size_t kKeptBuffer = size_t{16} << 20;
constexpr int kPlainDeflate = -MAX_WBITS;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged compressed event: ", what));
}

class Stream {
 public:
  explicit Stream(int window_bits) { ok_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  ~Stream() {
    if (ok_) inflateEnd(&stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // All of `input`, which must come to exactly `size` bytes.
  bool Unpack(Bytes input, uint64_t size, std::string* out) {
    if (!ok_) return false;
    stream_.next_in = const_cast<Bytef*>(input.data());  // zlib takes it so; it only reads
    stream_.avail_in = static_cast<uInt>(input.size());
    out->clear();
    while (true) {
      const size_t have = out->size();
      const auto room = static_cast<size_t>(std::min<uint64_t>(size - have, kGrowth));
      out->resize(have + room);
      stream_.next_out = reinterpret_cast<Bytef*>(out->data()) + have;
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      out->resize(out->size() - stream_.avail_out);
      if (result == Z_STREAM_END) return out->size() == size && stream_.avail_in == 0;
      // Neither room nor input left, and no end: another size than was said.
      if (result != Z_OK || (out->size() == have && stream_.avail_in == 0)) return false;
      if (out->size() == size && room == 0) return false;
    }
  }

 private:
  z_stream stream_{};
  bool ok_ = false;
};

}  // namespace

absl::StatusOr<Bytes> Inflate(Bytes record, std::string* buffer) {
  enum : uint8_t { kCompressed = 0x80, kAlgorithm = 0x70, kSizeBytes = 0x07 };
  ByteReader reader(record);
  const uint8_t head = reader.U8();
  const size_t size_bytes = head & kSizeBytes;
  if ((head & kCompressed) == 0 || size_bytes < 1 || size_bytes > 4) return Damaged("its head");
  if ((head & kAlgorithm) != 0) {
    return absl::DataLossError("compressed event: its algorithm is not known");
  }
  const Bytes size_field = reader.Take(size_bytes);
  if (!reader.ok()) return Damaged("its head");
  const uint64_t size = LoadBe(size_field.data(), size_field.size());
  if (size > kMaxSize) return Damaged("its size");
  if (buffer->capacity() > kKeptBuffer) std::string().swap(*buffer);
  if (!Stream(MAX_WBITS).Unpack(reader.rest(), size, buffer)) {
    return Damaged("it does not unpack to the size that it tells");
  }
  return AsBytes(*buffer);
}

bool InflateColumn(Bytes stored, uint64_t limit, std::string* value) {
  enum : uint8_t { kMethod = 0xf0, kZlib = 0x80, kNoWrap = 0x08, kSizeBytes = 0x07 };
  value->clear();
  if (stored.empty()) return true;
  const uint8_t head = stored[0];
  ByteReader reader(stored.subspan(1));
  if ((head & kMethod) == 0) {
    value->assign(AsText(reader.rest()).data(), reader.left());
    return value->size() <= limit;
  }
  const size_t size_bytes = head & kSizeBytes;
  if ((head & kMethod) != kZlib || size_bytes < 1 || size_bytes > 4) return false;
  const Bytes size_field = reader.Take(size_bytes);
  if (!reader.ok()) return false;
  const uint64_t size = LoadBe(size_field.data(), size_field.size());
  if (size > std::min(limit, kMaxSize)) return false;
  return Stream((head & kNoWrap) != 0 ? kPlainDeflate : MAX_WBITS)
      .Unpack(reader.rest(), size, value);
}

}  // namespace dcp::mysql
