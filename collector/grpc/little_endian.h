// Numbers in files of the intake: little-endian, whatever the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace dcp::collector {

template <typename T>
void PutNumber(T value, std::string& out) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(uint64_t{value} >> (8 * i))));
  }
}

// REQUIRES: bytes.size() >= sizeof(T)
template <typename T>
T GetNumber(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return static_cast<T>(value);
}

// Takes a number off the front of `bytes`; false, and nothing taken, where it is too short.
template <typename T>
bool TakeNumber(absl::string_view& bytes, T& value) {
  if (bytes.size() < sizeof(T)) return false;
  value = GetNumber<T>(bytes);
  bytes.remove_prefix(sizeof(T));
  return true;
}

// A text behind its length, as PutText() writes it.
inline void PutText(absl::string_view text, std::string& out) {
  PutNumber(static_cast<uint32_t>(text.size()), out);
  out.append(text.data(), text.size());
}

inline bool TakeText(absl::string_view& bytes, absl::string_view& text) {
  uint32_t size = 0;
  absl::string_view rest = bytes;
  if (!TakeNumber(rest, size) || rest.size() < size) return false;
  text = rest.substr(0, size);
  bytes = rest.substr(size);
  return true;
}

}  // namespace dcp::collector
