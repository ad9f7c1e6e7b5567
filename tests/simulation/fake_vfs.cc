#include "tests/simulation/fake_vfs.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace dcp::simulation {
namespace {

constexpr int kSectorBytes = 4096;

struct File {
  sqlite3_file base;
  FakeDisk* disk;
  int fd;
  bool syncs_directory;  // with its first sync, as SQLite's own layer does
  char directory[64];
};

File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
FakeDisk& DiskOf(sqlite3_vfs* vfs) { return *static_cast<FakeDisk*>(vfs->pAppData); }

int Close(sqlite3_file* file) {
  Of(file).disk->Close(Of(file).fd);
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  auto* bytes = static_cast<char*>(to);
  const auto wanted = static_cast<size_t>(size);
  const ssize_t got =
      Of(file).disk->ReadAt(Of(file).fd, bytes, wanted, static_cast<uint64_t>(offset));
  if (got < 0) return SQLITE_IOERR_READ;
  if (got == size) return SQLITE_OK;
  std::fill(bytes + got, bytes + size, '\0');
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  const ssize_t written =
      Of(file).disk->WriteAt(Of(file).fd, static_cast<const char*>(from), static_cast<size_t>(size),
                             static_cast<uint64_t>(offset));
  if (written == size) return SQLITE_OK;
  return written >= 0 || errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Of(file).disk->Truncate(Of(file).fd, static_cast<uint64_t>(size)) == 0
             ? SQLITE_OK
             : SQLITE_IOERR_TRUNCATE;
}

int Sync(sqlite3_file* base, int) {
  File& file = Of(base);
  if (file.disk->Sync(file.fd) != 0) return SQLITE_IOERR_FSYNC;
  if (!file.syncs_directory) return SQLITE_OK;
  if (SyncDirectory(*file.disk, file.directory) != 0) return SQLITE_IOERR_DIR_FSYNC;
  file.syncs_directory = false;
  return SQLITE_OK;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = Of(file).disk->Size(Of(file).fd);
  return *size < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

int Lock(sqlite3_file*, int) { return SQLITE_OK; }

int CheckReservedLock(sqlite3_file*, int* locked) {
  *locked = 0;
  return SQLITE_OK;
}

int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return kSectorBytes; }
int Characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int ShmMap(sqlite3_file* file, int region, int size, int make, void volatile** to) {
  *to = Of(file).disk->SharedMemory(Of(file).fd, static_cast<size_t>(region),
                                    static_cast<size_t>(size), make != 0);
  return SQLITE_OK;
}

int ShmLock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
void ShmBarrier(sqlite3_file*) {}

int ShmUnmap(sqlite3_file* file, int forget) {
  if (forget != 0) Of(file).disk->DropSharedMemory(Of(file).fd);
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Lock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     Characteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

int OpenFlags(int flags) {
  return O_RDWR | ((flags & SQLITE_OPEN_CREATE) != 0 ? O_CREAT : 0) |
         ((flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? O_EXCL : 0);
}

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  File& file = Of(base);
  file.base.pMethods = nullptr;  // not open
  file.disk = &DiskOf(vfs);
  const std::string path = name != nullptr ? name : absl::StrCat("/temporary/", file.disk->Draw());
  file.fd = file.disk->Open(path, OpenFlags(flags), 0600);
  if (file.fd < 0) return errno == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN;
  file.disk->KeepsOnFailedSync(file.fd);
  file.syncs_directory =
      (flags & SQLITE_OPEN_CREATE) != 0 && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL));
  const std::string directory = path.substr(0, path.rfind('/'));
  std::strncpy(file.directory, directory.c_str(), sizeof(file.directory) - 1);
  if (out_flags != nullptr) *out_flags = flags;
  file.base.pMethods = &kMethods;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  FakeDisk& disk = DiskOf(vfs);
  const std::string path = name;
  if (disk.Remove(path) != 0) {
    return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  }
  if (sync_directory == 0) return SQLITE_OK;
  return SyncDirectory(disk, path.substr(0, path.rfind('/'))) == 0 ? SQLITE_OK
                                                                   : SQLITE_IOERR_DIR_FSYNC;
}

int Access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  const int64_t size = DiskOf(vfs).SizeOf(name);
  if (size < 0 && errno != ENOENT) return SQLITE_IOERR_ACCESS;
  *result = flags == SQLITE_ACCESS_EXISTS ? size > 0 : size >= 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs*, const char* name, int size, char* to) {
  std::strncpy(to, name, static_cast<size_t>(size));
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs* vfs, int size, char* to) {
  for (int i = 0; i < size; ++i) to[i] = static_cast<char>(DiskOf(vfs).Draw());
  return size;
}

int Sleep(sqlite3_vfs*, int micros) { return micros; }

int CurrentTime(sqlite3_vfs*, double* now) {
  *now = 2460000.5;
  return SQLITE_OK;
}

int CurrentMillis(sqlite3_vfs*, sqlite3_int64* now) {
  *now = sqlite3_int64{212'544'000} * 1'000'000;
  return SQLITE_OK;
}

int LastError(sqlite3_vfs*, int, char*) { return errno; }

int log_pages = 1000;

int SetLogPages(sqlite3* db, char**, const sqlite3_api_routines*) {
  return sqlite3_wal_autocheckpoint(db, log_pages);
}

void (*const kExtension)() = reinterpret_cast<void (*)()>(SetLogPages);

}  // namespace

FakeVfs::FakeVfs(FakeDisk& disk, int pages) : vfs_{} {
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(File);
  vfs_.mxPathname = 512;
  vfs_.zName = "fake";
  vfs_.pAppData = &disk;
  vfs_.xOpen = Open;
  vfs_.xDelete = Delete;
  vfs_.xAccess = Access;
  vfs_.xFullPathname = FullPathname;
  vfs_.xRandomness = Randomness;
  vfs_.xSleep = Sleep;
  vfs_.xCurrentTime = CurrentTime;
  vfs_.xGetLastError = LastError;
  vfs_.xCurrentTimeInt64 = CurrentMillis;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
  sqlite3_randomness(0, nullptr);  // begins anew
  log_pages = pages;
  sqlite3_auto_extension(kExtension);
}

FakeVfs::~FakeVfs() {
  sqlite3_cancel_auto_extension(kExtension);
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_randomness(0, nullptr);
}

}  // namespace dcp::simulation
