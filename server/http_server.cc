#include "server/http_server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>
#include <deque>
#include <list>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "server/peer_stream.h"

namespace dcp::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

std::string ToString(beast::string_view text) { return {text.data(), text.size()}; }

bool IsIpv6(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.ss_family == AF_INET6;
}

class Connection;

// What all connections share. Used on the server's thread only, but for the atomic.
struct Shared {
  HttpServer::Options options;
  HttpServer::Handler handler;
  size_t connections = 0;
  std::set<Connection*> streams = {};
  std::atomic<size_t> stream_count = 0;
  asio::thread_pool* waiting = nullptr;     // where HttpResponse::later runs
  std::shared_ptr<asio::ssl::context> tls;  // null: none
};

// Everything that the answer to a request has but its body.
void SetHead(const HttpResponse& answer, http::response<http::string_body>& response) {
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  const auto set = [&](auto name, const std::string& value) {
    if (!value.empty()) response.set(name, value);
  };
  set(http::field::allow, answer.allow);
  set(http::field::www_authenticate, answer.authenticate);
  if (answer.security_policy.empty()) return;
  response.set("Content-Security-Policy", answer.security_policy);
  response.set("Referrer-Policy", "no-referrer");
}

// One connection, which keeps itself alive while something of it is under way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Tcp::socket socket, Shared& shared)
      : stream_(std::move(socket), shared.tls), shared_(shared) {
    ++shared_.connections;
  }
  ~Connection() {
    LeaveStreams();
    --shared_.connections;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Begin() {
    stream_.expires_after(absl::ToChronoNanoseconds(shared_.options.timeout));
    stream_.async_handshake([self = shared_from_this()](error_code error) {
      if (error) return self->Close();
      self->Read();
    });
  }

  // REQUIRES: it is a stream
  void Send(std::shared_ptr<const std::string> bytes) {
    queued_bytes_ += bytes->size();
    if (queued_bytes_ > shared_.options.max_stream_bytes) return Close();
    queue_.push_back(std::move(bytes));
    if (queue_.size() == 1) SendNext();
  }

 private:
  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_.options.max_header_bytes));
    parser_->body_limit(shared_.options.max_body_bytes);
    stream_.expires_after(absl::ToChronoNanoseconds(shared_.options.timeout));
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) { self->OnRead(error); });
  }

  using Request = http::request<http::string_body>;
  using Response = http::response<http::string_body>;

  void OnRead(error_code error) {
    if (error == http::error::body_limit || error == http::error::header_limit) {
      return Write(Refusal(http::status::payload_too_large, "the request is too large\n"));
    }
    // Of HTTP's own errors; others end a connection that is gone, idle or slow.
    if (error && error != http::error::end_of_stream &&
        error.category() == make_error_code(http::error::bad_method).category()) {
      return Write(Refusal(http::status::bad_request, "this is not HTTP/1.1\n"));
    }
    if (error) return Close();
    const HttpRequest asked = Asked(parser_->get());
    HttpResponse answer = shared_.handler(asked);
    if (!answer.later) return Answer(std::move(answer));
    asio::post(*shared_.waiting, [self = shared_from_this(), answer = std::move(answer)]() mutable {
      HttpResponse late = answer.later();
      const auto executor = self->stream_.get_executor();
      asio::post(executor, [self = std::move(self), late = std::move(late)]() mutable {
        self->Answer(std::move(late));
      });
    });
  }

  Response Refusal(http::status status, const char* why) {
    Response response(status, 11);
    response.keep_alive(false);
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.body() = why;
    return response;
  }

  static HttpRequest Asked(const Request& request) {
    HttpRequest asked;
    asked.method = request.method() == http::verb::head ? "GET" : ToString(request.method_string());
    const std::string target = ToString(request.target());
    const size_t query = target.find('?');
    asked.path = target.substr(0, query);
    if (query != std::string::npos) asked.query = target.substr(query + 1);
    asked.authorization = ToString(request[http::field::authorization]);
    asked.host = ToString(request[http::field::host]);
    asked.content_type = ToString(request[http::field::content_type]);
    asked.last_event_id = ToString(request["Last-Event-ID"]);
    asked.body = request.body();
    return asked;
  }

  void Answer(HttpResponse answer) {
    const Request& request = parser_->get();
    const bool head = request.method() == http::verb::head;
    if (answer.stream && !head) return BeginStream(answer);
    Response response(static_cast<http::status>(answer.status), request.version());
    response.keep_alive(request.keep_alive());
    SetHead(answer, response);
    response.content_length(answer.body.size());
    if (!head) response.body() = std::move(answer.body);
    Write(std::move(response));
  }

  void BeginStream(const HttpResponse& answer) {
    if (shared_.streams.size() >= shared_.options.max_streams) {
      Response response =
          Refusal(http::status::service_unavailable, "too many pages are open; try again later\n");
      response.set(http::field::retry_after, "10");
      return Write(std::move(response));
    }
    Response head(http::status::ok, 11);
    SetHead(answer, head);
    head.keep_alive(false);
    shared_.streams.insert(this);
    shared_.stream_count = shared_.streams.size();
    stream_.expires_never();
    AwaitEnd();
    std::ostringstream text;
    text << head.base();
    Send(std::make_shared<const std::string>(text.str() + answer.stream()));
  }

  // Of a stream: its reader has nothing to say but that it goes.
  void AwaitEnd() {
    stream_.async_read_some(asio::buffer(unwanted_),
                            [self = shared_from_this()](error_code, size_t) { self->Close(); });
  }

  void SendNext() {
    stream_.expires_after(absl::ToChronoNanoseconds(shared_.options.timeout));
    asio::async_write(stream_, asio::buffer(*queue_.front()),
                      [self = shared_from_this()](error_code error, size_t) {
                        if (error) return self->Close();
                        self->queued_bytes_ -= self->queue_.front()->size();
                        self->queue_.pop_front();
                        if (!self->queue_.empty()) self->SendNext();
                      });
  }

  void LeaveStreams() {
    shared_.streams.erase(this);
    shared_.stream_count = shared_.streams.size();
  }

  void Write(Response response) {
    response_ = std::move(response);
    if (!response_.has_content_length()) response_.prepare_payload();
    serializer_.emplace(response_);
    stream_.expires_after(absl::ToChronoNanoseconds(shared_.options.timeout));
    http::async_write(stream_, *serializer_, [self = shared_from_this()](error_code error, size_t) {
      if (error || !self->response_.keep_alive()) return self->Close();
      self->Read();
    });
  }

  // What the peer sends still is not waited for.
  void Close() {
    LeaveStreams();
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.close();
  }

  PeerStream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Response response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  // Of a stream; what is first in the queue is being sent.
  std::deque<std::shared_ptr<const std::string>> queue_;
  size_t queued_bytes_ = 0;
  std::array<char, 256> unwanted_;
  Shared& shared_;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const Options& options, Handler handler) {
    shared_.options = options;
    shared_.handler = std::move(handler);
    shared_.waiting = &waiting_;
  }
  ~Impl() { Stop(); }

  absl::Status Start() {
    if (shared_.options.tls) {
      DCP_ASSIGN_OR_RETURN(shared_.tls, MakeTlsContext(*shared_.options.tls));
    }
    DCP_RETURN_IF_ERROR(Listen());
    for (auto& acceptor : acceptors_) Accept(acceptor);
    thread_ = std::thread([this] { context_.run(); });
    return absl::OkStatus();
  }

  void Stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    waiting_.stop();
    waiting_.join();
    acceptors_.clear();
    shared_.options.listeners = nullptr;
  }

  uint16_t port() const { return port_; }

  void Publish(std::shared_ptr<const std::string> bytes) {
    asio::post(context_, [this, bytes = std::move(bytes)] {
      const std::set<Connection*> streams = shared_.streams;  // a send may close one
      for (Connection* stream : streams) stream->Send(bytes);
    });
  }
  size_t streams() const { return shared_.stream_count; }
  absl::Status ReadTlsAgain() {
    if (!shared_.options.tls) return absl::OkStatus();
    DCP_ASSIGN_OR_RETURN(auto tls, MakeTlsContext(*shared_.options.tls));
    asio::post(context_, [this, tls = std::move(tls)] { shared_.tls = tls; });
    return absl::OkStatus();
  }

 private:
  absl::Status Listen() {
    Options& options = shared_.options;
    if (options.listeners == nullptr) {
      auto opened = Listeners::Open(options.listen);
      if (!opened.ok()) {
        return absl::FailedPreconditionError(
            absl::StrCat("[http] ", absl::string_view(opened.status().message())));
      }
      options.listeners = *std::move(opened);
    }
    port_ = options.listeners->port();
    for (const FileDescriptor& socket : options.listeners->sockets()) {
      DCP_RETURN_IF_ERROR(AcceptAt(socket.get()));
    }
    return absl::OkStatus();
  }

  // The acceptor owns a descriptor of its own.
  absl::Status AcceptAt(int socket) {
    error_code error;
    const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
      error.assign(errno, boost::system::system_category());
    } else {
      Tcp::acceptor acceptor(context_);
      acceptor.assign(IsIpv6(socket) ? Tcp::v6() : Tcp::v4(), copy, error);
      if (!error) acceptors_.push_back(std::move(acceptor));
    }
    if (!error) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat("[http] cannot listen on ", shared_.options.listen, ": ", error.message()));
  }

  void Accept(Tcp::acceptor& acceptor) {
    acceptor.async_accept([this, &acceptor](error_code error, Tcp::socket socket) {
      if (error) return AcceptLater(acceptor);  // no descriptors left, mostly
      if (shared_.connections < shared_.options.max_connections) {
        std::make_shared<Connection>(std::move(socket), shared_)->Begin();
      }
      Accept(acceptor);
    });
  }

  void AcceptLater(Tcp::acceptor& acceptor) {
    auto retry = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds(100));
    retry->async_wait([this, &acceptor, retry](error_code error) {
      if (!error) Accept(acceptor);
    });
  }

  Shared shared_;  // longer than what holds connections
  asio::io_context context_{1};
  asio::thread_pool waiting_{1};
  std::list<Tcp::acceptor> acceptors_;  // each stays where it is
  uint16_t port_ = 0;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options,
                                                              Handler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  const absl::Status status = impl->Start();
  if (!status.ok()) return status;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
void HttpServer::Stop() { impl_->Stop(); }
uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::Publish(std::shared_ptr<const std::string> bytes) {
  impl_->Publish(std::move(bytes));
}
size_t HttpServer::streams() const { return impl_->streams(); }
absl::Status HttpServer::ReadTlsAgain() { return impl_->ReadTlsAgain(); }

}  // namespace dcp::server
