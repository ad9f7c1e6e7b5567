#include "alarm/body_template.h"

#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "alarm/text.h"

namespace dcp::alarm {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;
using nlohmann::json;

// Without the quotes around it.
std::string EscapeForJson(const std::string& text) {
  const std::string quoted = JsonString(text);
  return quoted.substr(1, quoted.size() - 2);
}

data DataOf(const json& value) {
  if (value.is_object()) {
    data object;
    for (const auto& [name, member] : value.items()) object.set(name, DataOf(member));
    return object;
  }
  if (value.is_array()) {
    data list{data::type::list};
    for (const json& item : value) list << DataOf(item);
    return list;
  }
  if (value.is_boolean()) return data(value.get<bool>());
  if (value.is_null()) return data(false);
  return data(value.is_string() ? value.get<std::string>() : value.dump());
}

// Rows and keys are lists for `{{#key}}`; as text they are what the JSON has.
void AddTexts(json& diff) {
  diff["key_text"] = diff.at("key").dump();
  for (const char* side : {"source", "target"}) {
    if (!diff.at(side).is_object()) continue;
    diff[side]["row_text"] =
        diff[side].at("row").dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

data DataOf(const Alarm& alarm) {
  json object = json::parse(alarm.json, nullptr, false);
  if (!object.is_object()) object = json::object();
  if (object.contains("diffs")) {
    for (json& diff : object["diffs"]) AddTexts(diff);
  }
  data fields = DataOf(object);
  fields.set("text", alarm.text);
  fields.set("json", alarm.json);
  // What an incident is called from its beginning to its end.
  fields.set("subject", alarm.resolves.empty() ? alarm.id : alarm.resolves.front());
  for (model::AlarmType type : model::kAllAlarmTypes) {
    fields.set(absl::StrCat("is_", model::ToString(type)), data(type == alarm.type));
  }
  const bool is_known = alarm.type == model::AlarmType::kDiff && object.value("diff_count", 1) == 0;
  fields.set("is_known", data(is_known));
  return fields;
}

Alarm Sample(model::AlarmType type, const std::string& members) {
  Alarm alarm;
  alarm.type = type;
  alarm.id = std::string(32, '0');
  alarm.check = "a \"check\"\n";
  alarm.source = "src";
  alarm.target = "dst";
  alarm.text = "a text with \"quotes\", a \\ and a line\nend";
  if (type == model::AlarmType::kResolved) alarm.resolves = {alarm.id};
  alarm.json =
      absl::StrCat("{\"type\":\"", model::ToString(type), "\",\"id\":\"", alarm.id,
                   "\",\"check\":", JsonString(alarm.check),
                   ",\"source\":\"src\",\"target\":\"dst\",\"epoch\":1,\"from\":1,\"to\":2,"
                   "\"at\":\"2024-05-01T12:00:00.123Z\",\"severity\":\"warning\",",
                   members, "}");
  return alarm;
}

}  // namespace

std::vector<Alarm> SampleAlarms() {
  using enum model::AlarmType;
  const std::string counts = R"("late":false,"rows":{"source":1,"target":0})";
  return {
      Sample(kSame, counts),
      Sample(kDiff, counts + R"(,"diffs":[{"kind":"missing","table":"shop.orders","key":[42],)"
                             R"("source":{"op":"INSERT","txn":"uuid:7","file":"bin.000007",)"
                             R"("pos":4,"ts":"2024-05-01T12:00:00.123Z","row":[42,"a \"b\""]},)"
                             R"("target":null,"columns":[]}],"diff_count":1,"known":0,)"
                             R"("tables":{"shop.orders":1})"),
      Sample(kUnverified, R"("reason":"image","detail":"a \"detail\"","table":"shop.orders")"),
      Sample(kTimeout, R"("last_barrier":1,"lag_seconds":30.500)"),
      Sample(kResolved, absl::StrCat(R"("resolves":[")", std::string(32, '0'),
                                     R"("],"keys":["shop.orders[42]"])")),
  };
}

class BodyTemplate::Impl {
 public:
  explicit Impl(const std::string& text) : mustache_(text) {
    mustache_.set_custom_escape(EscapeForJson);
  }
  const mustache& parsed() const { return mustache_; }
  std::string Render(const Alarm& alarm) { return mustache_.render(DataOf(alarm)); }

 private:
  mustache mustache_;
};

BodyTemplate::BodyTemplate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BodyTemplate::~BodyTemplate() = default;

absl::StatusOr<std::unique_ptr<BodyTemplate>> BodyTemplate::Parse(const std::string& text,
                                                                  bool json_wanted) {
  auto impl = std::make_unique<Impl>(text);
  if (!impl->parsed().is_valid()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the template is not well-formed: ", impl->parsed().error_message()));
  }
  for (const Alarm& sample : SampleAlarms()) {
    if (!json_wanted || json::accept(impl->Render(sample))) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the template gives no JSON for an alarm of type '",
                     model::ToString(sample.type), "': ", Readable(impl->Render(sample), 500)));
  }
  return std::unique_ptr<BodyTemplate>(new BodyTemplate(std::move(impl)));
}

std::string BodyTemplate::Render(const Alarm& alarm) const { return impl_->Render(alarm); }

}  // namespace dcp::alarm
