#include "row/digest.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "row/canonical.h"

namespace dcp::row {
namespace {

// A library context of its own, so that a system-wide FIPS setting does not take
// MD5 away: here it names contents, it secures nothing. Never freed.
const EVP_MD* Md5Algorithm() {
  static const EVP_MD* const algorithm = [] {
    const EVP_MD* md = EVP_MD_fetch(OSSL_LIB_CTX_new(), "MD5", "provider=default");
    if (md == nullptr) {
      std::fputs("dcp: OpenSSL's default provider has no MD5\n", stderr);
      std::abort();
    }
    return md;
  }();
  return algorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

uint64_t BigEndian(const unsigned char* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

model::Digest Md5(absl::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  unsigned char hash[EVP_MAX_MD_SIZE];
  if (EVP_DigestInit_ex2(context.get(), Md5Algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), hash, nullptr) != 1) {
    // Only lack of memory can bring this about.
    std::fputs("dcp: MD5 failed: out of memory\n", stderr);
    std::abort();
  }
  return model::Digest{BigEndian(hash), BigEndian(hash + 8)};
}

model::Digest RowDigester::OfBinary(absl::string_view binary) {
  if (kind_ == DigestKind::kXxh3) return model::Xxh3(binary);
  text_.clear();
  AppendTextOfBinary(binary, &text_).IgnoreError();  // REQUIRES of this function
  return Md5(text_);
}

}  // namespace dcp::row
