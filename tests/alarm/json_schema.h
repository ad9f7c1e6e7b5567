// The part of JSON Schema that docs/alarm.schema.json uses. A keyword that is not
// known here is an error, so that no rule of the schema goes unchecked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace dcp::alarm {

// What is wrong with `value`, "" if nothing is.
std::string ValidateJson(const nlohmann::json& schema, const nlohmann::json& value);

// What is wrong with an alarm's JSON by docs/alarm.schema.json, "" if nothing is.
std::string WrongByManual(const std::string& alarm_json);

}  // namespace dcp::alarm
