/* Requests over TCP on C connections with P outstanding on each: Handle resolutions, Redis GETs or
 * HTTP GETs (keep-alive), so that one generator measures a server and its peers.
 *
 * Everything a connection may send goes out in one write. Handle answers are matched by request id,
 * the others by order. A connection that closes or breaks the protocol ends the run with a message.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dialects.h"
#include "options.h"

enum { INPUT_ROOM = 300 * 1024, INPUT_FIRST = 16 * 1024, EVENTS = 256 };

struct request {
    bool busy;
    uint32_t id, handle;
    int64_t planned, sent;
};

struct connection {
    int fd;
    bool writable, broken;
    uint32_t free_count, first; /* `first`: the oldest request of an in-order dialect */
    uint32_t *free, *order;     /* stack of free requests; ring of those outstanding */
    uint32_t outstanding;
    struct request *requests;
    uint8_t *in, *out;
    size_t in_bytes, in_room, out_bytes, out_sent;
};

static struct run run;
static struct handles handles;
static const struct dialect *dialect;
static struct connection *connections;
static int poller;
static struct options options = {.host = "127.0.0.1", .window = 8, .sockets = 1, .connections = 64,
                                 .timeout_ns = 5000000000, .duration_ns = 3000000000,
                                 .protocol = "handle"};

static void *zeroed(size_t count, size_t bytes) {
    void *memory = calloc(count, bytes);
    if (!memory) fail("memory");
    return memory;
}

static void connection_open(struct connection *c, uint32_t number) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = number};
    uint32_t window = (uint32_t)options.window;
    int on = 1;
    if (inet_pton(AF_INET, options.host, &to.sin_addr) != 1) fail(options.host);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
    c->writable = true;
    c->free = zeroed(window, sizeof *c->free);
    c->order = zeroed(window, sizeof *c->order);
    c->requests = zeroed(window, sizeof *c->requests);
    while (c->free_count < window) c->free[c->free_count] = window - 1 - c->free_count, c->free_count++;
    c->out = zeroed(window, REQUEST_ROOM);
    c->in_room = INPUT_FIRST;
    c->in = zeroed(1, c->in_room);
}

static void connection_break(struct connection *c, const char *why) {
    if (c->broken) return;
    fprintf(stderr, "connection lost: %s\n", why);
    c->broken = true;
    run.counts.missing += c->outstanding;
    c->outstanding = c->free_count = 0;
    close(c->fd);
}

static void connection_write(struct connection *c) {
    while (c->writable && !c->broken && c->out_sent < c->out_bytes) {
        ssize_t sent = send(c->fd, c->out + c->out_sent, c->out_bytes - c->out_sent, MSG_NOSIGNAL);
        if (sent >= 0)
            c->out_sent += (size_t)sent;
        else if (errno == EAGAIN)
            c->writable = false;
        else if (errno != EINTR)
            connection_break(c, strerror(errno));
    }
    if (c->out_sent == c->out_bytes) c->out_sent = c->out_bytes = 0;
}

static void request_add(struct connection *c, int64_t now) {
    uint32_t window = (uint32_t)options.window, index = c->free[--c->free_count];
    struct request *request = &c->requests[index];
    c->order[(c->first + c->outstanding++) % window] = index;
    request->busy = true;
    request->id = ((request->id >> 16) % 0x7fff + 1) << 16 | index;
    request->handle = (uint32_t)handles.next;
    if (++handles.next == handles.count) handles.next = 0;
    request->planned = run_sends(&run, now);
    request->sent = now;
    c->out_bytes += dialect->request(c->out + c->out_bytes, &handles.list[request->handle], request->id);
}

/* Room for one more request; bytes a slow peer has not taken yet count against it. */
static bool connection_free(const struct connection *c) {
    size_t room = (size_t)options.window * REQUEST_ROOM;
    return c->free_count && room - c->out_bytes >= REQUEST_ROOM;
}

static void requests_fill(struct connection *c, int64_t now) {
    while (connection_free(c) && run_may_send(&run, now)) request_add(c, now);
    connection_write(c);
}

/* Open loop: what is due goes to the next connections that have room, in turn. */
static void requests_deal(void) {
    static int next;
    int64_t now = now_ns();
    int full = 0, first = next;
    bool any = false;
    while (full < options.connections && run_may_send(&run, now)) {
        struct connection *c = &connections[next];
        next = (next + 1) % options.connections;
        if (!connection_free(c)) {
            full++;
            continue;
        }
        full = 0, any = true;
        request_add(c, now);
    }
    if (full == options.connections) run.full_at = now;
    for (int i = 0; any && i < options.connections; i++)
        connection_write(&connections[(first + i) % options.connections]);
}

static void answer_count(struct connection *c, const struct answer *answer, int64_t now) {
    uint32_t window = (uint32_t)options.window;
    uint32_t index = answer->id ? answer->id & 0xffff : c->order[c->first];
    struct request *request = index < window ? &c->requests[index] : NULL;
    if (!c->outstanding || !request || !request->busy || (answer->id && answer->id != request->id)) {
        run.counts.stray++;
        return;
    }
    const struct handle *handle = &handles.list[request->handle];
    if (answer->wrong || (answer->message &&
                          !answer_fits(answer->message, answer->message_bytes, handle)))
        run.counts.wrong++;
    else
        run_answered(&run, now, request->planned, request->sent, answer->code);
    request->busy = false;
    c->free[c->free_count++] = index;
    c->first = (c->first + 1) % window;
    c->outstanding--;
}

static void answers_cut(struct connection *c, int64_t now) {
    size_t at = 0;
    while (at < c->in_bytes && !c->broken) {
        struct answer answer = dialect->answer(c->in + at, c->in_bytes - at);
        if (answer.wrong && !answer.bytes) connection_break(c, "not an answer of this protocol");
        if (!answer.bytes) break;
        answer_count(c, &answer, now);
        run.counts.bytes += answer.bytes;
        at += answer.bytes;
    }
    memmove(c->in, c->in + at, c->in_bytes - at);
    c->in_bytes -= at;
    if (c->in_bytes < c->in_room) return;
    if (c->in_room >= INPUT_ROOM) {
        connection_break(c, "an answer is too large");
        return;
    }
    c->in_room = c->in_room * 4 < INPUT_ROOM ? c->in_room * 4 : INPUT_ROOM;
    c->in = realloc(c->in, c->in_room);
    if (!c->in) fail("memory");
}

static void connection_read(struct connection *c) {
    while (!c->broken) {
        size_t room = c->in_room - c->in_bytes;
        ssize_t bytes = recv(c->fd, c->in + c->in_bytes, room, 0);
        if (bytes > 0) {
            c->in_bytes += (size_t)bytes;
            answers_cut(c, now_ns());
            if ((size_t)bytes < room) return; /* edge-triggered: a short read empties the socket */
        } else if (bytes < 0 && errno == EINTR) {
            continue;
        } else if (bytes < 0 && errno == EAGAIN) {
            return;
        } else {
            connection_break(c, bytes ? strerror(errno) : "closed by the server");
        }
    }
}

static void events_take(void) {
    struct epoll_event events[EVENTS];
    int64_t now = now_ns(), wait = run_patience(&run, now, true);
    struct timespec timeout = {wait / 1000000000, wait % 1000000000};
    int count = epoll_pwait2(poller, events, EVENTS, &timeout, NULL);
    for (int i = 0; i < count; i++) {
        struct connection *c = &connections[events[i].data.u32];
        if (events[i].events & EPOLLOUT) c->writable = true;
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) connection_read(c);
        if (options.rate <= 0)
            requests_fill(c, now_ns());
        else
            connection_write(c);
    }
}

static uint64_t outstanding(void) {
    uint64_t waiting = 0;
    for (int i = 0; i < options.connections; i++) waiting += connections[i].outstanding;
    return waiting;
}

static void late_break(int64_t now) {
    static int64_t next;
    if (now < next) return;
    next = now + 50000000;
    for (int i = 0; i < options.connections; i++) {
        struct connection *c = &connections[i];
        for (int k = 0; c->outstanding && k < options.window; k++)
            if (c->requests[k].busy && now - c->requests[k].sent > options.timeout_ns)
                connection_break(c, "no answer in time");
    }
}

static bool all_broken(void) {
    for (int i = 0; i < options.connections; i++)
        if (!connections[i].broken) return false;
    return true;
}

static void load(void) {
    uint64_t in_time = 0;
    int64_t ended = 0;
    run_start(&run, &options);
    for (int i = 0; options.rate <= 0 && i < options.connections; i++)
        requests_fill(&connections[i], now_ns());
    for (;;) {
        if (options.rate > 0) requests_deal();
        events_take();
        int64_t now = now_ns();
        run_tick(&run, now);
        late_break(now);
        bool broken = all_broken();
        if (run_sending_over(&run, now) || broken) {
            if (!ended) ended = now, in_time = run.counts.answered;
            if (broken || !outstanding()) break;
        }
    }
    if (options.requests) ended = run.last_answer, in_time = run.counts.answered;
    run_print(&run, in_time, ended);
}

int main(int argc, char **argv) {
    static char host[64];
    bool selftest;
    bool parsed = options_parse(&options, argc, argv, &selftest);
    dialect = dialect_named(options.protocol);
    if (!parsed || !dialect)
        return usage(argv[0],
                     "  --connections N     connections (64)\n"
                     "  --protocol P        handle, redis or http (handle)\n"
                     "  --path PATH         http: what stands before the handle (/api/handles/)\n"
                     "  --headers TEXT      http: further header lines, each ending in CRLF\n");
    if (selftest) return histogram_selftest();
    if (options.path) http_path = options.path;
    if (options.headers) http_headers = options.headers;
    if (strlen(http_path) + strlen(http_headers) > REQUEST_ROOM - HANDLE_BYTES_MAX * 3 - 200)
        fail("path and headers are too long");
    snprintf(host, sizeof host, "%s:%d", options.host, options.port);
    http_host = host;
    handles = handles_read(options.handles);
    poller = epoll_create1(0);
    connections = zeroed((size_t)options.connections, sizeof *connections);
    for (int i = 0; i < options.connections; i++) connection_open(&connections[i], (uint32_t)i);
    load();
    return 0;
}
