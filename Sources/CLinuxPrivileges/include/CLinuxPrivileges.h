// The calls about privileges that Swift can't make: prctl(2) has a variable number of arguments,
// capget(2) and capset(2) have no function.

#ifndef CLINUXPRIVILEGES_H
#define CLINUXPRIVILEGES_H

#include <stdbool.h>

/// Lets the calling thread keep its permitted capabilities when it becomes another user. Returns
/// -1 with errno if it can't.
int CLinuxKeepCapabilities(void);

/// Takes every capability from the calling thread and from what it executes, except, if `binding`
/// and if it has it, the one to bind ports below 1024; and lets no program give any back. Returns
/// -1 with errno if it can't.
int CLinuxLimitCapabilities(bool binding);

#endif
