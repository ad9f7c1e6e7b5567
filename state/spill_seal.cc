#include "state/spill_seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"

namespace dcp::state {
namespace {

constexpr size_t kNumberBytes = sizeof(uint64_t);
// What one call of the cipher takes.
constexpr size_t kPieceBytes = size_t{1} << 20;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// Enciphers what is not, and the other way round.
//   kUnavailable  no memory for it
absl::Status Turn(const unsigned char* key, uint64_t record, std::string* bytes, size_t from) {
  // The number of the record, and behind it that of the block.
  unsigned char counter[16] = {};
  std::memcpy(counter, &record, sizeof(record));
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  bool done = context != nullptr &&
              EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr, key, counter) == 1;
  auto* at = reinterpret_cast<unsigned char*>(bytes->data());
  while (done && from < bytes->size()) {
    const size_t size = std::min(kPieceBytes, bytes->size() - from);
    int written = 0;
    done = EVP_EncryptUpdate(context.get(), at + from, &written, at + from,
                             static_cast<int>(size)) == 1;
    from += size;
  }
  return done ? absl::OkStatus() : absl::UnavailableError("OpenSSL's AES-256-CTR failed");
}

}  // namespace

class SealedSpillStore final : public model::SpillStore {
 public:
  SealedSpillStore(SpillSeal& seal, std::unique_ptr<model::SpillStore> below)
      : seal_(seal), below_(std::move(below)) {}

  absl::StatusOr<model::SpillTicket> Write(absl::string_view bytes) override {
    const uint64_t record = seal_.next_record_++;
    std::string sealed(reinterpret_cast<const char*>(&record), kNumberBytes);
    sealed.append(bytes.data(), bytes.size());
    DCP_RETURN_IF_ERROR(Turn(seal_.key_.data(), record, &sealed, kNumberBytes));
    return below_->Write(sealed);
  }

  absl::StatusOr<std::string> Read(const model::SpillTicket& ticket) override {
    DCP_ASSIGN_OR_RETURN(std::string bytes, below_->Read(ticket));
    if (bytes.size() < kNumberBytes) return absl::DataLossError("a record is too short");
    uint64_t record = 0;
    std::memcpy(&record, bytes.data(), kNumberBytes);
    DCP_RETURN_IF_ERROR(Turn(seal_.key_.data(), record, &bytes, kNumberBytes));
    bytes.erase(0, kNumberBytes);
    return bytes;
  }

  void Drop(const model::SpillTicket& ticket) override { below_->Drop(ticket); }

 private:
  SpillSeal& seal_;
  const std::unique_ptr<model::SpillStore> below_;
};

absl::StatusOr<std::unique_ptr<SpillSeal>> SpillSeal::Create() {
  std::unique_ptr<SpillSeal> seal(new SpillSeal());
  if (RAND_bytes(seal->key_.data(), static_cast<int>(seal->key_.size())) == 1) return seal;
  return absl::UnavailableError("OpenSSL gives no random bytes");
}

std::unique_ptr<model::SpillStore> SpillSeal::Seal(std::unique_ptr<model::SpillStore> below) {
  return std::make_unique<SealedSpillStore>(*this, std::move(below));
}

}  // namespace dcp::state
