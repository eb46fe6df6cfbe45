// The calls about privileges that Swift can't make: prctl(2) has a variable number of arguments,
// capget(2) and capset(2) have no function.

#define _GNU_SOURCE
#include "CLinuxPrivileges.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int CLinuxKeepCapabilities(void) { return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); }

int CLinuxLimitCapabilities(bool binding) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3];
  struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
  if (syscall(SYS_capget, &header, held) != 0) {
    return -1;
  }
  if (binding) {
    const uint32_t bind = held[0].permitted & (UINT32_C(1) << CAP_NET_BIND_SERVICE);
    kept[0].permitted = kept[0].effective = kept[0].inheritable = bind;
  }
  if (syscall(SYS_capset, &header, kept) != 0) {
    return -1;
  }
  // What a thread without root hands to the program that it executes.
  if (kept[0].permitted != 0 &&
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) != 0) {
    return -1;
  }
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
