// [[alarm]] and [[mask]].
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "config/secret.h"
#include "config/sections.h"

namespace dcp::config {
namespace {

using Type = AlarmOptions::Type;

constexpr Word<Type> kAlarmTypes[] = {
    {"log", Type::kLog},
    {"file", Type::kFile},
    {"webhook", Type::kWebhook},
    {"exec", Type::kExec},
    {"alertmanager", Type::kAlertmanager},
};

constexpr Word<model::AlarmType> kTypesWords[] = {
    {"same", model::AlarmType::kSame},
    {"diff", model::AlarmType::kDiff},
    {"unverified", model::AlarmType::kUnverified},
    {"timeout", model::AlarmType::kTimeout},
    {"resolved", model::AlarmType::kResolved},
};

constexpr Word<model::DiffKind> kKindWords[] = {
    {"missing", model::DiffKind::kMissing},   {"stale", model::DiffKind::kStale},
    {"mismatch", model::DiffKind::kMismatch}, {"extra", model::DiffKind::kExtra},
    {"healed", model::DiffKind::kHealed},     {"reordered", model::DiffKind::kReordered},
    {"ddl", model::DiffKind::kDdl},
};

// An [[alarm]] in the making.
struct AlarmDraft {
  AlarmOptions options;
  SecretSource url;
  SecretSource secret;
};

void ReadTypes(const Value& value, AlarmDraft& out) {
  model::AlarmTypes types;
  ReadItems(value, [&types](const Value& item) {
    model::AlarmType type{};
    if (ReadWord(item, kTypesWords, &type)) types.Add(type);
  });
  if (!types.empty()) out.options.types = types;
}

void ReadKinds(const Value& value, AlarmDraft& out) {
  ReadItems(value, [&out](const Value& item) {
    model::DiffKind kind{};
    if (ReadWord(item, kKindWords, &kind)) out.options.kinds.push_back(kind);
  });
}

void ReadSeverities(const Value& value, AlarmDraft& out) {
  ReadItems(value, [&out](const Value& item) {
    ReadSeverity(item, &out.options.severities.emplace_back());
  });
}

void ReadQuiet(const Value& value, AlarmDraft& out) { ReadDayHours(value, &out.options.quiet); }
void ReadZone(const Value& value, AlarmDraft& out) { ReadTimeZone(value, &out.options.zone); }

// It may hold a secret: it is not repeated.
void ReadUrl(const Value& value, AlarmDraft& out) { ReadText(value, &out.options.url); }

// Unlike other texts it may have several lines.
void ReadTemplate(const Value& value, AlarmDraft& out) {
  if (value.node.kind != Node::Kind::kString) return value.WrongType("a string");
  if (value.node.text.empty()) return value.Error("must not be empty");
  out.options.body_template = value.node.text;
}

void ReadTimeout(const Value& value, absl::Duration* out) {
  ReadDuration(value, absl::Milliseconds(10), absl::Hours(1), out);
}

void IgnoreType(const Value&, AlarmDraft&) {}  // read before the rest

constexpr Field<AlarmDraft> kAlarmFields[] = {
    {"type", IgnoreType},
    {"types", ReadTypes},
    {"checks", [](const Value& v, AlarmDraft& o) { ReadTexts(v, &o.options.checks); }},
    {"tables", [](const Value& v, AlarmDraft& o) { ReadTexts(v, &o.options.tables); }},
    {"kinds", ReadKinds},
    {"severities", ReadSeverities},
    {"min_interval",
     [](const Value& v, AlarmDraft& o) {
       ReadDuration(v, absl::ZeroDuration(), absl::Hours(24), &o.options.min_interval);
     }},
    {"quiet", ReadQuiet},
    {"time_zone", ReadZone},
};
constexpr Field<AlarmDraft> kFileFields[] = {
    {"path", [](const Value& v, AlarmDraft& o) { ReadText(v, &o.options.path); }, true},
    {"max_size",
     [](const Value& v, AlarmDraft& o) {
       ReadSize(v, uint64_t{4} << 10, uint64_t{1} << 50, &o.options.max_bytes);
     }},
    {"keep", [](const Value& v, AlarmDraft& o) { ReadNumber(v, 1, 1000, &o.options.keep); }},
};
constexpr Field<AlarmDraft> kHttpFields[] = {
    {"url", ReadUrl},
    {"url_env", [](const Value& v, AlarmDraft& o) { ReadVariableName(v, &o.url.variable); }},
    {"url_file", [](const Value& v, AlarmDraft& o) { ReadText(v, &o.url.file); }},
    {"headers", [](const Value& v, AlarmDraft& o) { ReadTexts(v, &o.options.headers); }},
    {"ca", [](const Value& v, AlarmDraft& o) { ReadText(v, &o.options.ca); }},
    {"connect_timeout",
     [](const Value& v, AlarmDraft& o) { ReadTimeout(v, &o.options.connect_timeout); }},
    {"timeout", [](const Value& v, AlarmDraft& o) { ReadTimeout(v, &o.options.timeout); }},
};
constexpr Field<AlarmDraft> kWebhookFields[] = {
    {"secret_env", [](const Value& v, AlarmDraft& o) { ReadVariableName(v, &o.secret.variable); }},
    {"secret_file", [](const Value& v, AlarmDraft& o) { ReadText(v, &o.secret.file); }},
    {"template", ReadTemplate},
    {"content_type", [](const Value& v, AlarmDraft& o) { ReadText(v, &o.options.content_type); }},
};
constexpr Field<AlarmDraft> kExecFields[] = {
    {"command", [](const Value& v, AlarmDraft& o) { ReadTexts(v, &o.options.command); }, true},
    {"timeout", [](const Value& v, AlarmDraft& o) { ReadTimeout(v, &o.options.timeout); }},
};
constexpr Field<AlarmDraft> kAlertmanagerFields[] = {
    {"resend",
     [](const Value& v, AlarmDraft& o) {
       ReadDuration(v, absl::Seconds(1), absl::Hours(24), &o.options.resend);
     }},
    {"keep_alive",
     [](const Value& v, AlarmDraft& o) {
       ReadDuration(v, absl::Seconds(2), absl::Hours(48), &o.options.keep_alive);
     }},
    {"unverified_for",
     [](const Value& v, AlarmDraft& o) {
       ReadDuration(v, absl::Seconds(1), absl::Hours(24 * 365), &o.options.unverified_for);
     }},
};

void CheckOneOf(TableReader& reader, const char* a, const char* b) {
  if (!reader.Has(a) || !reader.Has(b)) return;
  reader.Error(b, absl::StrCat(reader.section(), " has '", a, "' and '", b, "': leave out one"));
}

// A secret is needed where alarms are sent only.
void ReadSecrets(TableReader& reader, AlarmDraft& draft) {
  if (reader.context().purpose() != Purpose::kRun) return;
  ReadSecret(reader, draft.url, {"url_env", "url_file", "URL", " to post to"}, &draft.options.url);
  ReadSecret(reader, draft.secret, {"secret_env", "secret_file", "secret", " to sign with"},
             &draft.options.secret);
}

void CheckUrl(TableReader& reader, const AlarmOptions& options) {
  if (!reader.Has("url") && !reader.Has("url_env") && !reader.Has("url_file")) {
    return reader.Error("url", absl::StrCat(reader.section(),
                                            " needs 'url' (or 'url_env' or "
                                            "'url_file')"));
  }
  const bool http = absl::StartsWithIgnoreCase(options.url, "https://") ||
                    absl::StartsWithIgnoreCase(options.url, "http://");
  if (options.url.empty() || http) return;
  const char* key = reader.Has("url") ? "url" : reader.Has("url_env") ? "url_env" : "url_file";
  reader.Error(key, "the URL must begin with https:// (or http://)");
}

void ReadHttpFields(TableReader& reader, AlarmDraft& draft) {
  reader.Read(kHttpFields, draft);
  CheckOneOf(reader, "url", "url_env");
  CheckOneOf(reader, "url", "url_file");
  CheckOneOf(reader, "url_env", "url_file");
  CheckOneOf(reader, "secret_env", "secret_file");
  ReadSecrets(reader, draft);
  CheckUrl(reader, draft.options);
}

void ReadOwnFields(TableReader& reader, AlarmDraft& draft) {
  switch (draft.options.type) {
    case Type::kLog:
      return;
    case Type::kFile:
      reader.Read(kFileFields, draft);
      return;
    case Type::kExec:
      draft.options.timeout = absl::Seconds(30);
      reader.Read(kExecFields, draft);
      return;
    case Type::kWebhook:
      reader.Read(kWebhookFields, draft);
      return ReadHttpFields(reader, draft);
    case Type::kAlertmanager:
      reader.Read(kAlertmanagerFields, draft);
      if (draft.options.keep_alive < 2 * draft.options.resend) {
        reader.Error("keep_alive",
                     "'keep_alive' in [[alarm]] must be at least twice 'resend', "
                     "or alerts end between two of them");
      }
      return ReadHttpFields(reader, draft);
  }
}

const char* WordOf(Type type) {
  for (const auto& word : kAlarmTypes) {
    if (word.value == type) return word.text;
  }
  return "";
}

bool CallsPeople(Type type) { return type == Type::kWebhook || type == Type::kExec; }

void ReadAlarm(const Node& node, Draft& draft, Context& context) {
  AlarmDraft alarm;
  const Node* type = node.Find("type");
  if (type == nullptr) {
    return context.Error(node.position, "[[alarm]] needs 'type', e.g. \"log\" or \"file\"");
  }
  const Value value{*type, "'type' in [[alarm]]", context};
  if (!ReadWord(value, kAlarmTypes, &alarm.options.type)) return;
  if (CallsPeople(alarm.options.type)) alarm.options.min_interval = absl::Seconds(30);
  TableReader reader(node, absl::StrCat("[[alarm]] of type ", WordOf(alarm.options.type)), context);
  reader.Read(kAlarmFields, alarm);
  ReadOwnFields(reader, alarm);
  reader.Finish();
  draft.config.alarms.push_back(std::move(alarm.options));
  draft.alarm_nodes.push_back(&node);
}

// A [[mask]] in the making.
struct MaskDraft {
  MaskOptions options;
  SecretSource key;
};

constexpr Word<MaskOptions::How> kHows[] = {{"stars", MaskOptions::How::kStars},
                                            {"hash", MaskOptions::How::kHash}};

constexpr Field<MaskDraft> kMaskFields[] = {
    {"tables", [](const Value& v, MaskDraft& o) { ReadTexts(v, &o.options.tables); }, true},
    {"columns", [](const Value& v, MaskDraft& o) { ReadTexts(v, &o.options.columns); }, true},
    {"with", [](const Value& v, MaskDraft& o) { ReadWord(v, kHows, &o.options.how); }},
    {"key_env", [](const Value& v, MaskDraft& o) { ReadVariableName(v, &o.key.variable); }},
    {"key_file", [](const Value& v, MaskDraft& o) { ReadText(v, &o.key.file); }},
};

void ReadMask(const Node& node, Draft& draft, Context& context) {
  MaskDraft mask;
  TableReader reader(node, "[[mask]]", context);
  reader.Read(kMaskFields, mask);
  CheckOneOf(reader, "key_env", "key_file");
  const bool has_key = reader.Has("key_env") || reader.Has("key_file");
  if (has_key && mask.options.how != MaskOptions::How::kHash) {
    reader.Error("with", "[[mask]] has a key, which only with = \"hash\" uses");
  }
  if (context.purpose() == Purpose::kRun) {
    ReadSecret(reader, mask.key, {"key_env", "key_file", "key", " to hash with"},
               &mask.options.hash_key);
  }
  reader.Finish();
  draft.config.masks.push_back(std::move(mask.options));
}

}  // namespace

void ReadMasks(const Value& value, Draft& draft) {
  ReadSections(value, "mask", [&](const Node& node) { ReadMask(node, draft, value.context); });
}

void AppendMaskKeys(std::vector<KnownKey>* out) { AppendKeys("[[mask]]", kMaskFields, out); }

void ReadAlarms(const Value& value, Draft& draft) {
  ReadSections(value, "alarm", [&](const Node& node) { ReadAlarm(node, draft, value.context); });
}

void AppendAlarmKeys(std::vector<KnownKey>* out) {
  AppendKeys("[[alarm]]", kAlarmFields, out);
  AppendKeys("[[alarm]] of type file", kFileFields, out);
  AppendKeys("[[alarm]] of type webhook or alertmanager", kHttpFields, out);
  AppendKeys("[[alarm]] of type webhook", kWebhookFields, out);
  AppendKeys("[[alarm]] of type exec", kExecFields, out);
  AppendKeys("[[alarm]] of type alertmanager", kAlertmanagerFields, out);
}

}  // namespace dcp::config
