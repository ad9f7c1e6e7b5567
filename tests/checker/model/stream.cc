#include "tests/checker/model/stream.h"

#include "absl/strings/str_cat.h"

namespace dcp::checker::test {
namespace {

std::string DumpDelta(const model::Digest& delta) {
  return delta == model::Digest{0, 1} ? "+1" : delta == -model::Digest{0, 1} ? "-1" : ToHex(delta);
}

std::string DumpEntry(const PlainChange& change) {
  if (change.relative) return absl::StrCat(change.key, DumpDelta(change.delta));
  return absl::StrCat(change.key, " ", Dump(change.before), ">", Dump(change.after));
}

std::string DumpEntry(const model::Mark& mark) {
  switch (mark.kind) {
    case model::Mark::Kind::kBarrier:
      return absl::StrCat("| ", mark.barrier_offset);
    case model::Mark::Kind::kUnverified:
      return absl::StrCat("UNVERIFIED ", mark.reason, " ", mark.table);
    case model::Mark::Kind::kExecuted:
      return absl::StrCat("EXECUTED ", mark.executed.ToString());
    case model::Mark::Kind::kDdl:
      return absl::StrCat("DDL ", mark.table, " ", mark.ddl.low, " effect ",
                          static_cast<int>(mark.effect));
  }
  return "?";
}

std::string DumpItem(const model::StreamOrigin& origin) {
  return absl::StrCat("OPEN ", origin.reason, " executed={", origin.executed.ToString(), "}");
}

std::string DumpItem(const PlainTxn& txn) {
  std::string text;
  if (txn.gtid.source.mariadb()) {
    text = absl::StrCat("g", model::ToString(txn.gtid), "  ");
  } else if (!txn.gtid.empty()) {
    text = absl::StrCat("g", txn.gtid.source.uuid[0], ":", txn.gtid.number, "  ");
  }
  for (size_t i = 0; i < txn.entries.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "; ",
                    std::visit([](const auto& e) { return DumpEntry(e); }, txn.entries[i]));
  }
  return text;
}

}  // namespace

std::string Dump(const model::Version& version) {
  if (!version.known()) return "?";
  if (version.absent()) return "-";
  if (version.digest.high == 0 && version.digest.low < 26) {
    return std::string(1, static_cast<char>('a' + version.digest.low));
  }
  return absl::StrCat("#", version.digest.low);
}

std::string Dump(const Stream& stream) {
  std::string text;
  for (const StreamItem& item : stream) {
    absl::StrAppend(&text, "  ", std::visit([](const auto& i) { return DumpItem(i); }, item), "\n");
  }
  return text;
}

}  // namespace dcp::checker::test
