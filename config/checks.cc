// [[check]].
#include <utility>

#include "config/sections.h"

namespace dcp::config {
namespace {

constexpr Word<Align> kAligns[] = {
    {"auto", Align::kAuto}, {"gtid", Align::kGtid}, {"barrier", Align::kBarrier}};
constexpr Word<Compare> kCompares[] = {{"converge", Compare::kConverge},
                                       {"ordered", Compare::kOrdered}};
constexpr Word<Capture> kCaptures[] = {{"row", Capture::kRow}, {"key", Capture::kKey}};
constexpr Word<Origin> kOrigins[] = {{"any", Origin::kAny}, {"source", Origin::kSource}};
constexpr Word<Ddl> kDdls[] = {{"compare", Ddl::kCompare}, {"ignore", Ddl::kIgnore}};
enum class DigestWord { kAuto, kXxh3, kMd5 };
constexpr Word<DigestWord> kDigests[] = {
    {"auto", DigestWord::kAuto}, {"xxh3", DigestWord::kXxh3}, {"md5", DigestWord::kMd5}};

// Twice the segments of a day at an interval of one second.
constexpr uint32_t kMaxHistory = 200'000;
constexpr uint32_t kMaxLateness = 1'000;
constexpr uint32_t kMaxDiffRows = 1'000'000;
constexpr uint32_t kMaxBarrierId = std::numeric_limits<uint32_t>::max();

void ReadTag(const Value& value, model::Tag* out) {
  std::string name;
  if (ReadName(value, &name)) *out = model::Tag(std::move(name));
}

void ReadTargets(const Value& value, CheckOptions& out) {
  ReadItems(value, [&out](const Value& item) {
    model::Tag tag;
    ReadTag(item, &tag);
    out.targets.push_back(std::move(tag));  // an empty one too: index i is the file's item i
  });
}

// "auto" is resolved by validation, which sees all checks.
void ReadDigest(const Value& value, CheckOptions& out) {
  DigestWord word = DigestWord::kAuto;
  ReadWord(value, kDigests, &word);
  if (word == DigestWord::kMd5) out.digest = Digest::kMd5;
}

constexpr Field<CheckOptions> kFields[] = {
    {"name", [](const Value& v, CheckOptions& o) { ReadName(v, &o.name); }, true},
    {"source", [](const Value& v, CheckOptions& o) { ReadTag(v, &o.source); }, true},
    {"targets", ReadTargets, true},
    {"timeout",
     [](const Value& v, CheckOptions& o) {
       ReadDuration(v, absl::Milliseconds(10), absl::Hours(24 * 7), &o.timeout);
     }},
    {"align", [](const Value& v, CheckOptions& o) { ReadWord(v, kAligns, &o.align); }},
    {"compare", [](const Value& v, CheckOptions& o) { ReadWord(v, kCompares, &o.compare); }},
    {"lateness",
     [](const Value& v, CheckOptions& o) { ReadNumber(v, 0, kMaxLateness, &o.lateness); }},
    {"history", [](const Value& v, CheckOptions& o) { ReadNumber(v, 1, kMaxHistory, &o.history); }},
    {"confirm", [](const Value& v, CheckOptions& o) { ReadBool(v, &o.confirm); }},
    {"capture", [](const Value& v, CheckOptions& o) { ReadWord(v, kCaptures, &o.capture); }},
    {"digest", ReadDigest},
    {"strict_columns", [](const Value& v, CheckOptions& o) { ReadBool(v, &o.strict_columns); }},
    {"origin", [](const Value& v, CheckOptions& o) { ReadWord(v, kOrigins, &o.origin); }},
    {"ddl", [](const Value& v, CheckOptions& o) { ReadWord(v, kDdls, &o.ddl); }},
    {"max_diff_rows",
     [](const Value& v, CheckOptions& o) { ReadNumber(v, 1, kMaxDiffRows, &o.max_diff_rows); }},
    {"severity", [](const Value& v, CheckOptions& o) { ReadSeverity(v, &o.severity); }},
    {"barrier_id",
     [](const Value& v, CheckOptions& o) { ReadNumber(v, 1, kMaxBarrierId, &o.barrier_id); }},
};

}  // namespace

void ReadChecks(const Value& value, Draft& draft) {
  ReadSections(value, "check", [&](const Node& node) {
    CheckOptions options;
    TableReader(node, "[[check]]", value.context).Read(kFields, options).Finish();
    draft.config.checks.push_back(std::move(options));
    draft.check_nodes.push_back(&node);
  });
}

void AppendCheckKeys(std::vector<KnownKey>* out) { AppendKeys("[[check]]", kFields, out); }

}  // namespace dcp::config
