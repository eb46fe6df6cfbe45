// A VFS that passes everything on to the usual one, after asking.

#include "CFaultyVFS.h"

#include <sqlite3.h>
#include <stddef.h>

typedef struct {
  sqlite3_file base;
  const char *path;
  sqlite3_file *real;
} File;

static sqlite3_vfs *usual;
static CFaultyVFSHook hook;

static sqlite3_file *real(sqlite3_file *file) { return ((File *)file)->real; }

static int ask(enum CFaultyVFSCall call, const char *path) {
  return path ? hook(call, path, 0) : SQLITE_OK;
}

static int tell(enum CFaultyVFSCall call, const char *path, int code) {
  if (code == SQLITE_OK && path) hook(call, path, 1);
  return code;
}

#define PASS(call, file, expression)                                \
  int code = ask(call, ((File *)file)->path);                       \
  return code ? code : tell(call, ((File *)file)->path, expression)

static int closeFile(sqlite3_file *file) { return real(file)->pMethods->xClose(real(file)); }

static int readFile(sqlite3_file *file, void *to, int count, sqlite3_int64 at) {
  PASS(CFaultyVFSRead, file, real(file)->pMethods->xRead(real(file), to, count, at));
}

static int writeFile(sqlite3_file *file, const void *from, int count, sqlite3_int64 at) {
  int failure = ask(CFaultyVFSWrite, ((File *)file)->path);
  if (failure) count /= 2;
  int code = real(file)->pMethods->xWrite(real(file), from, count, at);
  return failure ? failure : tell(CFaultyVFSWrite, ((File *)file)->path, code);
}

static int truncateFile(sqlite3_file *file, sqlite3_int64 length) {
  PASS(CFaultyVFSTruncate, file, real(file)->pMethods->xTruncate(real(file), length));
}

static int syncFile(sqlite3_file *file, int flags) {
  PASS(CFaultyVFSSync, file, real(file)->pMethods->xSync(real(file), flags));
}

static int fileSize(sqlite3_file *file, sqlite3_int64 *length) {
  return real(file)->pMethods->xFileSize(real(file), length);
}

static int lockFile(sqlite3_file *file, int kind) {
  PASS(CFaultyVFSLock, file, real(file)->pMethods->xLock(real(file), kind));
}

static int unlockFile(sqlite3_file *file, int kind) {
  return real(file)->pMethods->xUnlock(real(file), kind);
}

static int isReserved(sqlite3_file *file, int *result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static int controlFile(sqlite3_file *file, int operation, void *argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int sectorSize(sqlite3_file *file) {
  return real(file)->pMethods->xSectorSize(real(file));
}

static int characteristics(sqlite3_file *file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int mapIndex(sqlite3_file *file, int page, int size, int extend, void volatile **to) {
  PASS(
      CFaultyVFSMapIndex, file,
      real(file)->pMethods->xShmMap(real(file), page, size, extend, to));
}

static int lockIndex(sqlite3_file *file, int offset, int count, int flags) {
  // To give up a lock does not fail.
  if (flags & SQLITE_SHM_UNLOCK) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
  }
  PASS(
      CFaultyVFSLockIndex, file,
      real(file)->pMethods->xShmLock(real(file), offset, count, flags));
}

static void orderIndex(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }

static int unmapIndex(sqlite3_file *file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = closeFile,
    .xRead = readFile,
    .xWrite = writeFile,
    .xTruncate = truncateFile,
    .xSync = syncFile,
    .xFileSize = fileSize,
    .xLock = lockFile,
    .xUnlock = unlockFile,
    .xCheckReservedLock = isReserved,
    .xFileControl = controlFile,
    .xSectorSize = sectorSize,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = mapIndex,
    .xShmLock = lockIndex,
    .xShmBarrier = orderIndex,
    .xShmUnmap = unmapIndex,
};

static int openFile(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flagsOut) {
  File *own = (File *)file;
  own->base.pMethods = NULL;
  own->path = path;
  own->real = (sqlite3_file *)(own + 1);
  int code = ask(CFaultyVFSOpen, path);
  if (code == SQLITE_OK) code = usual->xOpen(usual, path, own->real, flags, flagsOut);
  if (code == SQLITE_OK) own->base.pMethods = &methods;
  return tell(CFaultyVFSOpen, path, code);
}

static int deleteFile(sqlite3_vfs *vfs, const char *path, int syncDirectory) {
  int code = ask(CFaultyVFSDelete, path);
  return code ? code : tell(CFaultyVFSDelete, path, usual->xDelete(usual, path, syncDirectory));
}

int CFaultyVFSInstall(CFaultyVFSHook newHook) {
  static sqlite3_vfs vfs;
  usual = sqlite3_vfs_find(NULL);
  hook = newHook;
  vfs = *usual;
  vfs.zName = "faulty";
  vfs.pNext = NULL;
  vfs.szOsFile = (int)sizeof(File) + usual->szOsFile;
  vfs.xOpen = openFile;
  vfs.xDelete = deleteFile;
  return sqlite3_vfs_register(&vfs, 1);
}
