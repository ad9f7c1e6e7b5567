#include "server/page.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/page_parts.h"

namespace dcp::server {
namespace {

// As a policy names what may stand inline.
std::string HashSource(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  const std::string bytes(reinterpret_cast<const char*>(digest), size);
  return absl::StrCat("'sha256-", absl::Base64Escape(bytes), "'");
}

Page MakePage() {
  const std::string style = absl::StrCat(kUplotCss, kPageCss);
  const std::string script = absl::StrCat(kUplotJs, kPageJs);
  return {absl::StrReplaceAll(kPageHtml, {{"%STYLE%", style}, {"%SCRIPT%", script}}),
          absl::StrCat("default-src 'none'; script-src ", HashSource(script), "; style-src ",
                       HashSource(style),
                       "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'")};
}

}  // namespace

const Page& ThePage() {
  static const Page* const page = new Page(MakePage());
  return *page;
}

}  // namespace dcp::server
