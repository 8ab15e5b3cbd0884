/* Command line of the generators. */
#ifndef IDNODE_OPTIONS_H
#define IDNODE_OPTIONS_H

#include <getopt.h>

#include "load.h"

static const char usage_text[] =
    "  --port N            server port (required)\n"
    "  --host A            server address, IPv4 (127.0.0.1)\n"
    "  --handles FILE      handles to ask for, one a line (required)\n"
    "  --seconds S         length of the measured run (3)\n"
    "  --warmup S          run before it that is not counted (0)\n"
    "  --requests N        stop after N requests instead\n"
    "  --window N          requests outstanding; TCP: on each connection (64; TCP 8)\n"
    "  --rate R            open loop: R requests a second, planned\n"
    "  --timeout MS        an answer later than this is missing (1000)\n"
    "  --selftest          percentiles of nanoseconds read from standard input\n";

static inline int usage(const char *name, const char *own) {
    fprintf(stderr, "usage: %s --port N --handles FILE [options]\n%s%s", name, usage_text, own);
    return 2;
}

/* Fill the options; returns false when the command line makes no sense. */
static inline bool options_parse(struct options *o, int argc, char **argv, bool *selftest) {
    enum { HOST = 1, PORT, HANDLES, SECONDS, WARMUP, REQUESTS, WINDOW, RATE, TIMEOUT, SELFTEST,
           SOCKETS, ECHO_K, CONNECTIONS, PROTOCOL, PATH, HEADERS };
    static const struct option known[] = {
        {"host", 1, 0, HOST},         {"port", 1, 0, PORT},         {"handles", 1, 0, HANDLES},
        {"seconds", 1, 0, SECONDS},   {"warmup", 1, 0, WARMUP},     {"requests", 1, 0, REQUESTS},
        {"window", 1, 0, WINDOW},     {"rate", 1, 0, RATE},         {"timeout", 1, 0, TIMEOUT},
        {"selftest", 0, 0, SELFTEST}, {"sockets", 1, 0, SOCKETS},   {"echo", 1, 0, ECHO_K},
        {"connections", 1, 0, CONNECTIONS}, {"protocol", 1, 0, PROTOCOL}, {"path", 1, 0, PATH},
        {"headers", 1, 0, HEADERS},   {0}};
    int option;
    *selftest = false;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) switch (option) {
            case HOST: o->host = optarg; break;
            case PORT: o->port = atoi(optarg); break;
            case HANDLES: o->handles = optarg; break;
            case SECONDS: o->duration_ns = (int64_t)(atof(optarg) * 1e9); break;
            case WARMUP: o->warmup_ns = (int64_t)(atof(optarg) * 1e9); break;
            case REQUESTS: o->requests = atoll(optarg); break;
            case WINDOW: o->window = atoi(optarg); break;
            case RATE: o->rate = atof(optarg); break;
            case TIMEOUT: o->timeout_ns = (int64_t)(atof(optarg) * 1e6); break;
            case SELFTEST: *selftest = true; break;
            case SOCKETS: o->sockets = atoi(optarg); break;
            case ECHO_K: o->echo = atoi(optarg); break;
            case CONNECTIONS: o->connections = atoi(optarg); break;
            case PROTOCOL: o->protocol = optarg; break;
            case PATH: o->path = optarg; break;
            case HEADERS: o->headers = optarg; break;
            default: return false;
        }
    return *selftest || (o->port > 0 && o->port < 65536 && o->handles && o->window > 0 &&
                         o->window <= 65535 && o->sockets > 0 && o->connections > 0);
}

#endif
