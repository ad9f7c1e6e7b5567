#include "mysql/mariadb_type.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
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

// The first of the longest runs of zeros; both ends equal: none.
struct Run {
  size_t begin = 0;
  size_t end = 0;
};

Run LongestZeros(const std::array<uint32_t, 8>& groups) {
  Run longest;
  for (size_t i = 0; i < groups.size();) {
    size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > longest.end - longest.begin) longest = {i, end};
    i = std::max(end, i + 1);
  }
  return longest;
}

// "::1.2.3.4" and "::ffff:1.2.3.4".
bool EndsAsInet4(const std::array<uint32_t, 8>& groups, const Run& zeros) {
  return zeros.begin == 0 && (zeros.end == 6 || (zeros.end == 5 && groups[5] == 0xffff));
}

void AppendInet4(const uint8_t* p, std::string* out) {
  absl::StrAppend(out, p[0], ".", p[1], ".", p[2], ".", p[3]);
}

bool Inet4ToText(Bytes value, std::string* out) {
  std::array<uint8_t, 4> whole;
  if (!Fill(value, &whole)) return false;
  out->clear();
  AppendInet4(whole.data(), out);
  return true;
}

// As MariaDB does it, and not RFC 5952: a run of one zero is shortened too.
bool Inet6ToText(Bytes value, std::string* out) {
  std::array<uint8_t, 16> whole;
  if (!Fill(value, &whole)) return false;
  std::array<uint32_t, 8> groups;
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<uint32_t>(LoadBe<2>(&whole[2 * i]));
  }
  const Run zeros = LongestZeros(groups);
  const bool inet4 = EndsAsInet4(groups, zeros);
  out->clear();
  for (size_t i = 0; i < groups.size();) {
    if (i == zeros.begin && zeros.end > zeros.begin) {
      out->append(i == 0 ? "::" : ":");
      i = zeros.end;
    } else if (inet4 && i == 6) {
      AppendInet4(&whole[12], out);
      break;
    } else {
      absl::StrAppend(out, absl::Hex(groups[i]), i + 1 < groups.size() ? ":" : "");
      ++i;
    }
  }
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
      return Inet4ToText(value, out);
    case Column::Form::kInet6:
      return Inet6ToText(value, out);
    case Column::Form::kPlain:
      break;
  }
  return false;
}

}  // namespace dcp::mysql
