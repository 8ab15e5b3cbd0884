/* Raw UDP echo: what this machine can do at most, in the shape of a resolution server.
 *
 * One thread, recvmmsg and sendmmsg, no look at the content. Answers have `--size` bytes (the request
 * cut or padded with zeros) and come in `--datagrams` pieces of that size. Prints its port and serves
 * until it is killed or its standard input ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM_MAX = 2048, ANSWERS_MAX = 16 };

static uint8_t data[BATCH][DATAGRAM_MAX];
static struct sockaddr_in peers[BATCH];
static struct iovec in_parts[BATCH], out_parts[BATCH];
static struct mmsghdr incoming[BATCH], outgoing[BATCH * ANSWERS_MAX];

static int bound_socket(int port) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    socklen_t bytes = sizeof at;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, bytes) ||
        getsockname(fd, (struct sockaddr *)&at, &bytes)) {
        perror("echo");
        exit(2);
    }
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static void answer(int fd, int received, int size, int datagrams) {
    int count = 0;
    for (int i = 0; i < received; i++) {
        int asked = (int)incoming[i].msg_len, bytes = size ? size : asked;
        if (bytes > asked) memset(data[i] + asked, 0, (size_t)(bytes - asked));
        out_parts[i] = (struct iovec){data[i], (size_t)bytes};
        for (int k = 0; k < datagrams; k++)
            outgoing[count++].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                                        .msg_namelen = sizeof peers[i],
                                                        .msg_iov = &out_parts[i],
                                                        .msg_iovlen = 1};
    }
    for (int done = 0; done < count;) {
        int sent = sendmmsg(fd, outgoing + done, (unsigned)(count - done), 0);
        if (sent <= 0) {
            if (errno != EINTR && errno != ENOBUFS && errno != EAGAIN) break;
            continue;
        }
        done += sent;
    }
}

/* In a thread of its own, so that the one that serves makes no call but those two. */
static void *end_with_input(void *unused) {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    exit(0);
    return unused;
}

_Noreturn static void serve(int fd, int size, int datagrams) {
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            in_parts[i] = (struct iovec){data[i], DATAGRAM_MAX};
            incoming[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                                  .msg_namelen = sizeof peers[i],
                                                  .msg_iov = &in_parts[i],
                                                  .msg_iovlen = 1};
        }
        int received = recvmmsg(fd, incoming, BATCH, MSG_WAITFORONE, NULL);
        if (received > 0) answer(fd, received, size, datagrams);
    }
}

int main(int argc, char **argv) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'}, {"size", 1, 0, 's'}, {"datagrams", 1, 0, 'd'}, {0}};
    int option, port = 0, size = 0, datagrams = 1;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) switch (option) {
            case 'p': port = atoi(optarg); break;
            case 's': size = atoi(optarg); break;
            case 'd': datagrams = atoi(optarg); break;
            default: size = -1;
        }
    if (size < 0 || size > DATAGRAM_MAX || datagrams < 1 || datagrams > ANSWERS_MAX) {
        fprintf(stderr, "usage: %s [--port N] [--size 0..%d] [--datagrams 1..%d]\n", argv[0],
                DATAGRAM_MAX, ANSWERS_MAX);
        return 2;
    }
    pthread_t watch;
    if (pthread_create(&watch, NULL, end_with_input, NULL)) return 2;
    serve(bound_socket(port), size, datagrams);
}
