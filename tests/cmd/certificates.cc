#include "tests/cmd/certificates.h"

#include "absl/strings/str_cat.h"
#include "tests/cmd/program.h"

namespace dcp::test {

absl::Status Certificates::Make() const {
  constexpr char kScript[] = R"(set -e
new() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "$@"; }
new -keyout $1-ca.key -out $1-ca.pem -subj '/CN=authority'
for who in server client; do
  new -CA $1-ca.pem -CAkey $1-ca.key -keyout $1-$who.key -out $1-$who.pem -subj "/CN=$who" \
    -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:false
done)";
  const auto made = RunProgram({"/bin/sh", "-c", kScript, "sh", base_});
  if (!made.ok()) return made.status();
  if (made->exit_code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("openssl: ", made->output));
}

}  // namespace dcp::test
