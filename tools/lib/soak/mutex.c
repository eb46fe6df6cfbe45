// Tells ThreadSanitizer of Swift's Mutex, whose contended calls are in a library that it does not
// see into: what one thread did before it unlocked, another sees after it has locked. Without it,
// each contended Mutex is reported as a race.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

void __tsan_acquire(void *);
void __tsan_release(void *);

static METHOD void (*lock_slow)(uint32_t, SELF void *);
static METHOD void (*unlock_slow)(SELF void *);

__attribute__((constructor)) static void find(void) {
  lock_slow = dlsym(RTLD_NEXT, LOCK);
  unlock_slow = dlsym(RTLD_NEXT, UNLOCK);
}

METHOD void lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
METHOD void lock(uint32_t thread, SELF void *mutex) {
  lock_slow(thread, mutex);
  __tsan_acquire(mutex);
}

METHOD void unlock(SELF void *mutex) __asm__(UNLOCK);
METHOD void unlock(SELF void *mutex) {
  __tsan_release(mutex);
  unlock_slow(mutex);
}
