// The few socket calls that Glibc's Swift module hides: they need _GNU_SOURCE or CMSG macros.

#ifndef CLINUXSOCKETS_H
#define CLINUXSOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>

/// `struct mmsghdr`, which <sys/socket.h> shows only under _GNU_SOURCE.
typedef struct {
  struct msghdr header;
  /// Octets received or sent.
  unsigned int length;
} CLinuxMessage;

/// Octets of control data that one datagram's packet information may take, of either family.
extern const size_t CLinuxPacketInfoRoom;

/// Receives up to `count` datagrams. Waits for the first one only, and not at all unless `wait`.
/// Returns how many came, or -1 with errno.
int CLinuxReceiveMessages(int descriptor, CLinuxMessage *messages, unsigned int count, bool wait);

/// Sends up to `count` datagrams. Returns how many were sent before the first that failed, or -1
/// with errno when that is the first one.
int CLinuxSendMessages(int descriptor, CLinuxMessage *messages, unsigned int count);

/// Turns the received control data of `header` (IP_PKTINFO or IPV6_PKTINFO) into control data for
/// the reply: sent from the address that was asked, by the route that the kernel finds. False when
/// there is no such data.
bool CLinuxReplyFromAskedAddress(struct msghdr *header);

/// Names the calling thread in ps, top and debuggers; Linux allows 15 octets.
void CLinuxNameThread(const char *name);

#endif
