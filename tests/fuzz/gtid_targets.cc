#include <algorithm>
#include <string>

#include "model/gtid_set.h"
#include "mysql/gtid_codec.h"
#include "tests/fuzz/targets.h"

namespace dcp::fuzz {
namespace {

void CheckRoundTrips(const model::GtidSet& set) {
  const auto of_text = model::GtidSet::Parse(set.ToString());
  CheckThat(of_text.ok() && *of_text == set, "a set survives its text");
  const auto& sources = set.sources();
  const bool mariadb = std::any_of(sources.begin(), sources.end(),
                                   [](const auto& entry) { return entry.first.mariadb(); });
  if (!mariadb) {  // whose sets have no binary form
    const std::string binary = mysql::EncodeGtidSet(set);
    const auto of_binary = mysql::DecodeGtidSet(mysql::AsBytes(binary));
    CheckThat(of_binary.ok() && *of_binary == set, "a set survives its binary form");
  }
  CheckThat(set.Contains(set), "a set holds itself");
  model::GtidSet rest = set;
  rest.Subtract(set);
  CheckThat(rest.empty(), "a set without itself is empty");
}

}  // namespace

void FuzzGtidText(mysql::Bytes input) {
  const auto set = model::GtidSet::Parse(mysql::AsText(input));
  if (set.ok()) CheckRoundTrips(*set);
}

void FuzzGtidBinary(mysql::Bytes input) {
  const auto set = mysql::DecodeGtidSet(input);
  if (set.ok()) CheckRoundTrips(*set);
}

}  // namespace dcp::fuzz
