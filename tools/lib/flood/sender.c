/* Sends DNS queries over UDP and prints what came back, as JSON.
   usage: sender ADDRESS PORT QUERIES RATE SECONDS
   QUERIES is a file of messages with their length before them. At a RATE it sends on time whatever
   comes back; with RATE 0 it keeps some in flight, as fast as they are answered. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SOCKETS = 8, BATCH = 32, WINDOW = 1024, LARGEST = 4096, IDS = 65536, QUERIES = 65536 };
enum { NAP_NS = 50000 }; /* while nothing is due */
enum { SLOT_US = 50, SLOTS = 200000 }; /* latencies up to 10 s */

static struct { unsigned char *octets; uint16_t length; } queries[QUERIES];
static unsigned count;
static int sockets[SOCKETS];
static double sent_at[SOCKETS][IDS]; /* 0: nothing is asked by this id */
static uint16_t next_id[SOCKETS];
static unsigned long latencies[SLOTS];
static unsigned long sent, unsent, replied, strange;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static void read_queries(const char *path) {
  FILE *file = fopen(path, "rb");
  unsigned char length[2];
  if (!file) fail(path);
  while (count < QUERIES && fread(length, 2, 1, file) == 1) {
    queries[count].length = (uint16_t)(length[0] << 8 | length[1]);
    queries[count].octets = malloc(queries[count].length);
    if (fread(queries[count].octets, queries[count].length, 1, file) != 1) fail(path);
    count++;
  }
  if (count == 0) fail(path);
  fclose(file);
}

static void open_sockets(const char *address, const char *port) {
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  int size = 4 << 20;
  if (inet_pton(AF_INET, address, &server.sin_addr) != 1) fail(address);
  for (int i = 0; i < SOCKETS; i++) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (connect(sockets[i], (struct sockaddr *)&server, sizeof server) != 0) fail("connect");
  }
}

static void send_batch(int which, unsigned amount) {
  static unsigned next;
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  double time = now();
  for (unsigned i = 0; i < amount; i++) {
    unsigned query = next++ % count;
    uint16_t id = next_id[which]++;
    queries[query].octets[0] = (unsigned char)(id >> 8);
    queries[query].octets[1] = (unsigned char)id;
    sent_at[which][id] = time;
    parts[i] = (struct iovec){queries[query].octets, queries[query].length};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
  }
  int done = sendmmsg(sockets[which], messages, amount, 0);
  sent += done > 0 ? (unsigned long)done : 0;
  unsent += amount - (done > 0 ? (unsigned)done : 0);
}

static unsigned receive_all(void) {
  static unsigned char room[BATCH][LARGEST];
  unsigned total = 0;
  for (int which = 0; which < SOCKETS; which++) {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){room[i], LARGEST};
      messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    int came = recvmmsg(sockets[which], messages, BATCH, MSG_DONTWAIT, NULL);
    double time = now();
    for (int i = 0; i < came; i++) {
      uint16_t id = (uint16_t)(room[i][0] << 8 | room[i][1]);
      if (messages[i].msg_len < 12 || !(room[i][2] & 0x80) || sent_at[which][id] == 0) {
        strange++;
        continue;
      }
      double slot = (time - sent_at[which][id]) * 1e6 / SLOT_US;
      latencies[slot < SLOTS ? (unsigned)slot : SLOTS - 1]++;
      sent_at[which][id] = 0;
      replied++;
      total++;
    }
  }
  return total;
}

static double percentile(double share) {
  unsigned long seen = 0, wanted = (unsigned long)((double)replied * share);
  for (unsigned slot = 0; slot < SLOTS; slot++) {
    seen += latencies[slot];
    if (seen > wanted || (seen == replied && seen > 0)) return slot * SLOT_US / 1e3;
  }
  return 0;
}

int main(int argc, char **arguments) {
  if (argc != 6) {
    fprintf(stderr, "usage: sender ADDRESS PORT QUERIES RATE SECONDS\n");
    return 2;
  }
  read_queries(arguments[3]);
  open_sockets(arguments[1], arguments[2]);
  double rate = atof(arguments[4]), seconds = atof(arguments[5]);
  double start = now(), last_reply = start;
  double behind = 0;
  unsigned long due = 0, outstanding = 0;
  int which = 0;
  while (now() - start < seconds) {
    unsigned came = receive_all();
    if (came) last_reply = now();
    outstanding = outstanding > came ? outstanding - came : 0;
    /* What was lost comes no more. */
    if (rate == 0 && now() - last_reply > 0.05) outstanding = 0, last_reply = now();
    unsigned long wanted = rate > 0 ? (unsigned long)((now() - start) * rate) - due
                                    : outstanding < WINDOW ? WINDOW - outstanding : 0;
    if (rate > 0 && (double)wanted / rate > behind) behind = (double)wanted / rate;
    if (rate > 0 && wanted == 0 && came == 0)
      nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    for (unsigned batches = 0; wanted > 0 && batches < SOCKETS; batches++) {
      unsigned amount = wanted < BATCH ? (unsigned)wanted : BATCH;
      send_batch(which, amount);
      which = (which + 1) % SOCKETS;
      wanted -= amount;
      due += amount;
      outstanding += amount;
    }
  }
  double elapsed = now() - start;
  unsigned long in_time = replied;
  /* What still waits in the server's buffer. */
  for (double end = now() + 1; now() < end;) receive_all();
  printf("{\"sent\": %lu, \"unsent\": %lu, \"replied\": %lu, \"strange\": %lu, \"seconds\": %.3f,"
         " \"late\": %lu, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f,"
         " \"behind_ms\": %.2f}\n",
         sent, unsent, in_time, strange, elapsed, replied - in_time, percentile(0.5),
         percentile(0.99), percentile(1), behind * 1e3);
  return 0;
}
