#include <string>

#include "config/load.h"
#include "tests/fuzz/targets.h"

namespace dcp::fuzz {

void FuzzConfig(mysql::Bytes input) {
  const config::Environment any = [](absl::string_view) { return std::string("x"); };
  const absl::string_view text = mysql::AsText(input);
  for (const config::Purpose purpose : {config::Purpose::kRun, config::Purpose::kVerify}) {
    const config::Loaded loaded = config::Parse(text, "fuzz.toml", purpose, any);
    CheckThat(loaded.ok() == loaded.errors().empty(), "a file is good, or something is said of it");
    for (const config::Diagnostic& error : loaded.errors()) {
      CheckThat(!ToString(error).empty(), "an error has words");
    }
  }
}

}  // namespace dcp::fuzz
