// SQLite's way to the disk with somebody in between, who may let any call fail.

#pragma once

enum CFaultyVFSCall {
  CFaultyVFSOpen,
  CFaultyVFSRead,
  CFaultyVFSWrite,
  CFaultyVFSTruncate,
  CFaultyVFSSync,
  CFaultyVFSDelete,
  CFaultyVFSLock,
  CFaultyVFSMapIndex,
  CFaultyVFSLockIndex,
};

/// Is asked before each call on a file, and told after it. Path: of the file, without end in zero
/// bytes inside. Returns, before the call, SQLITE_OK or the error that it is to fail with; what it
/// returns after a call that succeeded is ignored. A write that fails writes half of it.
typedef int (*CFaultyVFSHook)(enum CFaultyVFSCall call, const char *path, int isDone);

/// Makes this the way of all connections that are opened from now on. To be called once.
int CFaultyVFSInstall(CFaultyVFSHook hook);
