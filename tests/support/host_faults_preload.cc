// host_faults.so: stands before the C library in a program under test; see host_faults.h.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/host_faults.h"

namespace {

using dcp::test::HostFaultControl;

HostFaultControl* Load() {
  const char* const file = std::getenv("DCP_TEST_HOST_FAULTS");
  if (file == nullptr) return nullptr;
  const auto real_open = reinterpret_cast<int (*)(const char*, int, ...)>(dlsym(RTLD_NEXT, "open"));
  const int fd = real_open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* const memory =
      mmap(nullptr, sizeof(HostFaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return memory == MAP_FAILED ? nullptr : static_cast<HostFaultControl*>(memory);
}

HostFaultControl* Control() {
  static HostFaultControl* const control = Load();
  return control;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool IsBelow(const HostFaultControl& control, const char* path) {
  const size_t size = std::strlen(control.directory);
  return size > 0 && std::strncmp(path, control.directory, size) == 0;
}

bool IsBelow(const HostFaultControl& control, int fd) {
  char link[64], path[1024];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return false;
  path[size] = '\0';
  return IsBelow(control, path);
}

// True: the call fails, and errno says with what.
template <typename Where>
bool FailsToWrite(Where where) {
  HostFaultControl* const control = Control();
  if (control == nullptr) return false;
  const int error = control->write_errno;
  const int last = errno;
  if (error == 0 || !IsBelow(*control, where)) {
    errno = last;
    return false;
  }
  ++control->hits;
  errno = error;
  return true;
}

bool FailsToOpen() {
  HostFaultControl* const control = Control();
  if (control == nullptr || control->open_errno == 0) return false;
  ++control->hits;
  errno = control->open_errno;
  return true;
}

bool FailsToSync(int fd) {
  HostFaultControl* const control = Control();
  if (control == nullptr) return false;
  const int pause = control->sync_pause_ms, error = control->sync_errno;
  if ((pause == 0 && error == 0) || !IsBelow(*control, fd)) return false;
  ++control->hits;
  if (pause > 0) poll(nullptr, 0, pause);
  errno = error;
  return error != 0;
}

int64_t Ahead() {
  HostFaultControl* const control = Control();
  if (control == nullptr || control->wall_clock_seconds == 0) return 0;
  ++control->hits;
  return control->wall_clock_seconds;
}

// A file that is opened to be written below a directory that cannot be.
bool FailsToOpenFile(const char* path, int flags) {
  if (FailsToOpen()) return true;
  const bool writes = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
  return writes && FailsToWrite(path);
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  return FailsToWrite(fd) ? -1 : real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return FailsToWrite(fd) ? -1 : real(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return FailsToWrite(fd) ? -1 : real(fd, bytes, size, at);
}

int fsync(int fd) {
  static auto* const real = Real<int(int)>("fsync");
  return FailsToSync(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  static auto* const real = Real<int(int)>("fdatasync");
  return FailsToSync(fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t size) noexcept {
  static auto* const real = Real<int(int, off_t)>("ftruncate");
  return FailsToWrite(fd) ? -1 : real(fd, size);
}

int ftruncate64(int fd, off64_t size) noexcept {
  static auto* const real = Real<int(int, off64_t)>("ftruncate64");
  return FailsToWrite(fd) ? -1 : real(fd, size);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("rename");
  return FailsToWrite(to) ? -1 : real(from, to);
}

int unlink(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("unlink");
  return FailsToWrite(path) ? -1 : real(path);
}

int open(const char* path, int flags, ...) {
  static auto* const real = Real<int(const char*, int, ...)>("open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return FailsToOpenFile(path, flags) ? -1 : real(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static auto* const real = Real<int(const char*, int, ...)>("open64");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return FailsToOpenFile(path, flags) ? -1 : real(path, flags, mode);
}

int openat(int directory, const char* path, int flags, ...) {
  static auto* const real = Real<int(int, const char*, int, ...)>("openat");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return FailsToOpen() ? -1 : real(directory, path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
  static auto* const real = Real<FILE*(const char*, const char*)>("fopen");
  return FailsToOpenFile(path, mode[0] == 'r' ? 0 : O_CREAT) ? nullptr : real(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  static auto* const real = Real<FILE*(const char*, const char*)>("fopen64");
  return FailsToOpenFile(path, mode[0] == 'r' ? 0 : O_CREAT) ? nullptr : real(path, mode);
}

int socket(int domain, int type, int protocol) noexcept {
  static auto* const real = Real<int(int, int, int)>("socket");
  return FailsToOpen() ? -1 : real(domain, type, protocol);
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  static auto* const real = Real<int(int, sockaddr*, socklen_t*, int)>("accept4");
  return FailsToOpen() ? -1 : real(fd, address, size, flags);
}

int accept(int fd, sockaddr* address, socklen_t* size) {
  static auto* const real = Real<int(int, sockaddr*, socklen_t*)>("accept");
  return FailsToOpen() ? -1 : real(fd, address, size);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += Ahead();
  return result;
}

int gettimeofday(timeval* time, void* zone) noexcept {
  static auto* const real = Real<int(timeval*, void*)>("gettimeofday");
  const int result = real(time, zone);
  if (result == 0) time->tv_sec += Ahead();
  return result;
}

time_t time(time_t* out) noexcept {
  static auto* const real = Real<time_t(time_t*)>("time");
  const time_t now = real(nullptr) + Ahead();
  if (out != nullptr) *out = now;
  return now;
}

}  // extern "C"
