#include "mysql/mariadb_type.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "model/gtid_set.h"

namespace dcp::mysql {
namespace {

// The bytes of a value of `kSize` bytes: row images may leave out 0x00 at its end.
template <size_t kSize>
bool Fill(Bytes value, std::array<uint8_t, kSize>* bytes) {
  if (value.size() > kSize) return false;
  bytes->fill(0);
  std::copy(value.begin(), value.end(), bytes->begin());
  return true;
}

template <size_t kSize>
bool AddressToText(int family, Bytes value, std::string* out) {
  std::array<uint8_t, kSize> bytes;
  char text[INET6_ADDRSTRLEN];
  if (!Fill(value, &bytes) || inet_ntop(family, bytes.data(), text, sizeof(text)) == nullptr) {
    return false;
  }
  *out = text;
  return true;
}

bool UuidToText(Bytes value, std::string* out) {
  model::Uuid uuid;
  if (!Fill(value, &uuid)) return false;
  *out = model::ToString(uuid);
  return true;
}

}  // namespace

bool FormToText(Column::Form form, Bytes value, std::string* out) {
  switch (form) {
    case Column::Form::kUuid:
      return UuidToText(value, out);
    case Column::Form::kInet4:
      return AddressToText<4>(AF_INET, value, out);
    case Column::Form::kInet6:
      return AddressToText<16>(AF_INET6, value, out);
    case Column::Form::kPlain:
      break;
  }
  return false;
}

}  // namespace dcp::mysql
