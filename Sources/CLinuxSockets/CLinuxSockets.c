// The few socket calls that Glibc's Swift module hides: they need _GNU_SOURCE or CMSG macros.

#define _GNU_SOURCE
#include "CLinuxSockets.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(CLinuxMessage) == sizeof(struct mmsghdr), "same size as mmsghdr");
_Static_assert(offsetof(CLinuxMessage, length) == offsetof(struct mmsghdr, msg_len),
               "same layout as mmsghdr");
_Static_assert(sizeof(struct in6_pktinfo) >= sizeof(struct in_pktinfo), "room for either");

const size_t CLinuxPacketInfoRoom = CMSG_SPACE(sizeof(struct in6_pktinfo));

int CLinuxReceiveMessages(int descriptor, CLinuxMessage *messages, unsigned int count, bool wait) {
  return recvmmsg(descriptor, (struct mmsghdr *)messages, count,
                  wait ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);
}

int CLinuxSendMessages(int descriptor, CLinuxMessage *messages, unsigned int count) {
  return sendmmsg(descriptor, (struct mmsghdr *)messages, count, 0);
}

static void reply_from_asked_v4(struct cmsghdr *control) {
  struct in_pktinfo info;
  memcpy(&info, CMSG_DATA(control), sizeof info);
  // ipi_spec_dst is the local address that was asked (ipi_addr may be a broadcast address), and
  // sendmsg takes the source from it. An index would force the reply out of the interface that
  // the query came in by, against the routing table.
  if (info.ipi_spec_dst.s_addr == INADDR_ANY) {
    info.ipi_spec_dst = info.ipi_addr;
  }
  info.ipi_ifindex = 0;
  memcpy(CMSG_DATA(control), &info, sizeof info);
}

static void reply_from_asked_v6(struct cmsghdr *control) {
  struct in6_pktinfo info;
  memcpy(&info, CMSG_DATA(control), sizeof info);
  // A link-local address means nothing without its interface; see above for the others.
  if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
    info.ipi6_ifindex = 0;
  }
  memcpy(CMSG_DATA(control), &info, sizeof info);
}

bool CLinuxReplyFromAskedAddress(struct msghdr *header) {
  // Nothing else is asked for on these sockets, so packet information is the only control data.
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  if (control == NULL || (header->msg_flags & MSG_CTRUNC) != 0) {
    return false;
  }
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
    reply_from_asked_v4(control);
    return true;
  }
  if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
    reply_from_asked_v6(control);
    return true;
  }
  return false;
}

void CLinuxNameThread(const char *name) {
  // A name that is too long is an error, which costs nothing but the name.
  (void)pthread_setname_np(pthread_self(), name);
}
