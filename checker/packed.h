// Packer and Unpacker: values in few bytes and back. Within one process and in memory only: what
// is unpacked is what was packed, in the same order, so nothing is checked.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "model/digest.h"
#include "model/version.h"

namespace dcp::checker {

class Packer {
 public:
  // The smaller the fewer bytes.
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  // The nearer to zero the fewer bytes.
  void Signed(int64_t value) {
    const auto bits = static_cast<uint64_t>(value);
    Number((bits << 1) ^ (value < 0 ? ~uint64_t{0} : 0));
  }
  void Text(absl::string_view text) {
    Number(text.size());
    bytes_.append(text.data(), text.size());
  }
  void Digest(const model::Digest& digest) { Raw(digest); }
  void Version(const model::Version& version) {
    Number(static_cast<uint64_t>(version.kind));
    if (version.kind == model::Version::Kind::kContent) Digest(version.digest);
  }
  template <typename T>
  void Pointer(const T* pointer) {
    Raw(pointer);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  template <typename T>
  void Raw(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }

  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(const char* bytes) : next_(bytes) {}

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(*next_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  int64_t Signed() {
    const uint64_t bits = Number();
    return static_cast<int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
  }
  std::string Text() {
    const size_t size = Number();
    next_ += size;
    return std::string(next_ - size, size);
  }
  model::Digest Digest() { return Raw<model::Digest>(); }
  model::Version Version() {
    model::Version version;
    version.kind = static_cast<model::Version::Kind>(Number());
    if (version.kind == model::Version::Kind::kContent) version.digest = Digest();
    return version;
  }
  template <typename T>
  const T* Pointer() {
    return Raw<const T*>();
  }

 private:
  template <typename T>
  T Raw() {
    T value;
    std::memcpy(&value, next_, sizeof(value));
    next_ += sizeof(value);
    return value;
  }

  const char* next_;
};

}  // namespace dcp::checker
