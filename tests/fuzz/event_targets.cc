// Events, transaction payloads and whole files.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mysql/event_decoder.h"
#include "mysql/file_binlog_reader.h"
#include "mysql/payload_reader.h"
#include "tests/fuzz/targets.h"
#include "tests/mysql/event_bytes.h"

namespace dcp::fuzz {
namespace {

using namespace mysql;  // NOLINT(google-build-using-namespace): what is under test

constexpr int kMaxEvents = 2000;

void ReadRows(const BinlogEvent& event) {
  std::vector<model::Value> before, after;
  while (event.rows != nullptr) {
    const auto row = event.rows->Next(&before, &after);
    if (!row.ok() || !*row) return;
    const size_t columns = event.table->columns.size();
    CheckThat(before.empty() || before.size() == columns, "the before image has all columns");
    CheckThat(after.empty() || after.size() == columns, "the after image has all columns");
  }
}

// The next event of `input`, as long as its header says or as there are bytes,
// with a header and a checksum that say so: what they guard is what is under test.
std::string TakeEvent(Bytes* input) {
  size_t size = input->size();
  if (size >= kEventHeaderSize) {
    size = std::clamp<size_t>(static_cast<size_t>(LoadLe<4>(input->data() + 9)), kEventHeaderSize,
                              size);
  }
  std::string event(AsText(input->first(size)));
  *input = input->subspan(size);
  if (event.size() >= kEventHeaderSize + kChecksumSize) {
    event.replace(9, 4, LittleEndian(event.size(), 4));
    FixChecksum(&event);
  }
  return event;
}

// False: the stream has ended.
bool DecodeWhole(EventDecoder* decoder, Bytes event, int* left) {
  auto decoded = decoder->Decode(event);
  while (decoded.ok() && --*left > 0) {
    if (*decoded != nullptr) ReadRows(**decoded);
    if (!decoder->inside_payload()) return true;
    decoded = decoder->DecodeInner();
  }
  return false;
}

}  // namespace

void FuzzEvents(Bytes input) {
  EventDecoder decoder({.schemas = nullptr, .wants = {}});
  decoder.SetPosition("binlog.000001", 4);
  int left = kMaxEvents;
  while (!input.empty()) {
    const std::string event = TakeEvent(&input);
    if (!DecodeWhole(&decoder, AsBytes(event), &left)) return;
  }
}

void FuzzPayload(Bytes input) {
  const auto fields = ParseTransactionPayload(input);
  PayloadReader reader;
  if (!fields.ok() || !reader.Start(*fields).ok()) return;
  size_t unpacked = 0;
  for (int i = 0; i < kMaxEvents; ++i) {
    const auto event = reader.Next();
    if (!event.ok() || event->empty()) return;
    unpacked += event->size();
    CheckThat(fields->compression == TransactionPayloadFields::kNone ||
                  unpacked <= fields->uncompressed_size,
              "a payload unpacks to no more than it says");
  }
}

void FuzzFile(Bytes input) {
  const int fd = memfd_create("binlog", MFD_CLOEXEC);
  CheckThat(fd >= 0, "there is a file in memory");
  std::string file(AsText(input.first(std::min<size_t>(input.size(), 4))));
  for (Bytes rest = input.subspan(file.size()); !rest.empty();) file += TakeEvent(&rest);
  CheckThat(write(fd, file.data(), file.size()) == static_cast<ssize_t>(file.size()),
            "the file is written");
  auto reader = FileBinlogReader::Open({.files = {absl::StrCat("/proc/self/fd/", fd)}});
  for (int i = 0; reader.ok() && i < kMaxEvents; ++i) {
    const auto event = (*reader)->Next(absl::ZeroDuration());
    if (!event.ok()) break;
    ReadRows(**event);
  }
  close(fd);
}

}  // namespace dcp::fuzz
