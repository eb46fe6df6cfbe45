/* The floor: what the kernel alone costs. Sends every datagram back as a response, padded or cut
   to a given size. usage: reflector ADDRESS PORT SIZE */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BATCH = 64, LARGEST = 4096, HEADER = 12 };

static unsigned char buffers[BATCH][LARGEST];
static struct sockaddr_in peers[BATCH];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

int main(int count, char **arguments) {
  int size = count == 4 ? atoi(arguments[3]) : 0;
  struct sockaddr_in own = {.sin_family = AF_INET};
  if (size < HEADER || size > LARGEST || inet_pton(AF_INET, arguments[1], &own.sin_addr) != 1) {
    fprintf(stderr, "usage: reflector ADDRESS PORT SIZE (%d to %d)\n", HEADER, LARGEST);
    return 2;
  }
  own.sin_port = htons((unsigned short)atoi(arguments[2]));
  int socket_ = socket(AF_INET, SOCK_DGRAM, 0);
  if (socket_ < 0 || bind(socket_, (struct sockaddr *)&own, sizeof own) != 0) {
    perror("reflector");
    return 1;
  }
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){buffers[i], LARGEST};
      messages[i].msg_hdr = (struct msghdr){
          .msg_name = &peers[i], .msg_namelen = sizeof peers[i],
          .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int received = recvmmsg(socket_, messages, BATCH, MSG_WAITFORONE, NULL);
    if (received < 0) {
      if (errno == EINTR || errno == ECONNREFUSED) continue;
      perror("recvmmsg");
      return 1;
    }
    for (int i = 0; i < received; i++) {
      buffers[i][2] |= 0x80; /* QR */
      parts[i].iov_len = (size_t)size;
    }
    for (int sent = 0; sent < received;) {
      int now = sendmmsg(socket_, messages + sent, (unsigned)(received - sent), 0);
      sent += now > 0 ? now : 1; /* one that can't be sent is dropped, as a server would */
    }
  }
}
