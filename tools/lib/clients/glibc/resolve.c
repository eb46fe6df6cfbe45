// Asks getaddrinfo for addresses: reads lines "COUNT NAME", writes for each call its addresses.
//
// usage: resolve 4|6|any

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void resolve(const char *name, int family) {
  struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found = NULL;
  int error = getaddrinfo(name, "8080", &hints, &found);
  if (error != 0) printf("error %s", gai_strerror(error));
  for (struct addrinfo *one = found; one != NULL; one = one->ai_next) {
    char text[NI_MAXHOST];
    int flags = NI_NUMERICHOST;
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0, flags) == 0)
      printf("%s ", text);
  }
  printf("\n");
  if (found != NULL) freeaddrinfo(found);
}

int main(int count, char **arguments) {
  const char *wanted = count > 1 ? arguments[1] : "any";
  int family = strcmp(wanted, "4") == 0 ? AF_INET : strcmp(wanted, "6") == 0 ? AF_INET6 : AF_UNSPEC;
  int calls;
  char name[NI_MAXHOST];
  while (scanf("%d %1000s", &calls, name) == 2) {
    while (calls-- > 0) resolve(name, family);
    fflush(stdout);
  }
}
