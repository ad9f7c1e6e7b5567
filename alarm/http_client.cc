#include "alarm/http_client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace dcp::alarm {
namespace {

constexpr size_t kMaxBody = 512;
constexpr size_t kMaxAnswer = size_t{1} << 20;  // more than that is no answer to an alarm

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// Before any thread uses curl.
void InitializeOnce() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

// The URL itself may hold secrets: it is not repeated.
absl::StatusOr<std::string> OriginOf(const std::string& text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  if (code != CURLUE_OK) {
    return absl::InvalidArgumentError(absl::StrCat("the URL is none: ", curl_url_strerror(code)));
  }
  const std::string scheme = absl::AsciiStrToLower(PartOf(url.get(), CURLUPART_SCHEME));
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("the URL must begin with https:// (or http://)");
  }
  if (!PartOf(url.get(), CURLUPART_FRAGMENT).empty()) {
    return absl::InvalidArgumentError("the URL must have no '#'");
  }
  const std::string port = PartOf(url.get(), CURLUPART_PORT);
  return absl::StrCat(scheme, "://", PartOf(url.get(), CURLUPART_HOST), port.empty() ? "" : ":",
                      port);
}

struct Answer {
  std::string body;
  size_t bytes = 0;
};

size_t TakeBody(char* data, size_t size, size_t count, void* user) {
  auto* answer = static_cast<Answer*>(user);
  const size_t bytes = size * count;
  answer->bytes += bytes;
  if (answer->bytes > kMaxAnswer) return 0;  // ends the transfer
  if (answer->body.size() < kMaxBody) {
    answer->body.append(data, std::min(bytes, kMaxBody - answer->body.size()));
  }
  return bytes;
}

int IsInterrupted(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

HeaderList ListOf(const std::vector<std::string>& headers) {
  HeaderList list;
  for (const std::string& header : headers) {
    curl_slist* longer = curl_slist_append(list.get(), header.c_str());
    if (longer == nullptr) break;
    (void)list.release();  // is part of `longer`
    list.reset(longer);
  }
  return list;
}

long Millis(absl::Duration duration) {
  return static_cast<long>(std::max<int64_t>(absl::ToInt64Milliseconds(duration), 1));
}

// What makes it safe, apart from what is asked.
void Restrict(CURL* easy, const HttpOptions& options) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!options.ca.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Millis(options.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Millis(options.timeout));
}

bool NeverConnected(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Create(HttpOptions options) {
  InitializeOnce();
  auto origin = OriginOf(options.url);
  if (!origin.ok()) return origin.status();
  if (!options.ca.empty() && access(options.ca.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read the certificates in '", options.ca, "'"));
  }
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(options), *std::move(origin)));
}

HttpClient::HttpClient(HttpOptions options, std::string origin)
    : options_(std::move(options)), origin_(std::move(origin)) {}

HttpClient::~HttpClient() = default;

absl::Status HttpClient::Failure(int code, const char* detail, bool connected) const {
  const auto curl_code = static_cast<CURLcode>(code);
  const std::string message = absl::StrCat(
      "POST to ", origin_, ": ", *detail != '\0' ? detail : curl_easy_strerror(curl_code));
  if (interrupted_.load()) return absl::CancelledError(message);
  if (!connected || NeverConnected(curl_code)) return absl::UnavailableError(message);
  return absl::AbortedError(message);
}

// A handle of its own for each request: an alarm is rare, and a connection kept
// for the next one is mostly gone by then.
absl::StatusOr<HttpResponse> HttpClient::Post(const std::vector<std::string>& headers,
                                              absl::string_view body) {
  const std::unique_ptr<CURL, FreeEasy> easy(curl_easy_init());
  std::vector<std::string> all = headers;
  all.emplace_back("Expect:");  // no wait for a "100 Continue"
  const HeaderList list = ListOf(all);
  if (easy == nullptr || list == nullptr) return absl::ResourceExhaustedError("no memory for HTTP");
  CURL* curl = easy.get();
  char detail[CURL_ERROR_SIZE] = {};
  Answer answer;
  Restrict(curl, options_);
  curl_easy_setopt(curl, CURLOPT_URL, options_.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "dcp");
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, IsInterrupted);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &interrupted_);
  const CURLcode code = curl_easy_perform(curl);
  curl_off_t connect_micros = 0;
  curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connect_micros);
  if (code != CURLE_OK) return Failure(code, detail, connect_micros > 0);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return HttpResponse{static_cast<int>(status), std::move(answer.body)};
}

}  // namespace dcp::alarm
