/* Resolutions over UDP: closed loop with a window, or open loop at a rate.
 *
 * Answers are matched by request id, joined from their datagrams by sequence number and message
 * length (handle-protocol.md §1.3), checked against the handle that was asked for, and counted by
 * response code. Against the raw echo (`--echo K`) an answer is K datagrams with the right id. `--protocol dns`
 * asks a name server for TXT records instead; an answer is one datagram.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns.h"
#include "options.h"

enum { BATCH = 64, PARTS_MAX = 544, PART_BYTES = DATAGRAM_BYTES - ENVELOPE_BYTES, SOCKETS_MAX = 64 };

struct slot {
    bool busy;
    uint32_t id, handle, code, total, joined;
    int64_t planned, sent;
    uint64_t seen[PARTS_MAX / 64 + 1];
};

struct lane { /* one socket and what it is about to send */
    int fd;
    int queued;
    uint8_t data[BATCH][REQUEST_BYTES_MAX];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
};

static struct run run;
static struct handles handles;
static struct slot *slots;
static uint32_t *free_slots, free_count;
static struct lane *lanes;
static bool dns;
static struct options options = {.host = "127.0.0.1", .window = 64, .sockets = 1, .connections = 1,
                                 .timeout_ns = 1000000000, .duration_ns = 3000000000};

static void lanes_open(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    int room = 4 << 20;
    if (inet_pton(AF_INET, options.host, &to.sin_addr) != 1) fail(options.host);
    lanes = calloc((size_t)options.sockets, sizeof *lanes);
    for (int i = 0; i < options.sockets; i++) {
        lanes[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        setsockopt(lanes[i].fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        setsockopt(lanes[i].fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        if (connect(lanes[i].fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    }
}

static void slots_prepare(void) {
    slots = calloc((size_t)options.window, sizeof *slots);
    free_slots = calloc((size_t)options.window, sizeof *free_slots);
    for (uint32_t i = 0; i < (uint32_t)options.window; i++)
        free_slots[free_count++] = (uint32_t)options.window - 1 - i;
}

static void slot_release(uint32_t index) {
    slots[index].busy = false;
    free_slots[free_count++] = index;
}

static void lane_flush(struct lane *lane) {
    for (int done = 0; done < lane->queued;) {
        int sent = sendmmsg(lane->fd, lane->messages + done, (unsigned)(lane->queued - done), 0);
        if (sent > 0) {
            done += sent;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            struct pollfd ready = {lane->fd, POLLOUT, 0};
            poll(&ready, 1, 10);
        } else if (errno != EINTR && errno != ECONNREFUSED) {
            fail("send");
        }
    }
    lane->queued = 0;
}

/* Put one request into a free slot and into the buffer of its socket. */
static void request_send(int64_t now) {
    uint32_t index = free_slots[--free_count];
    struct slot *slot = &slots[index];
    struct lane *lane = &lanes[index % (uint32_t)options.sockets];
    uint32_t generation = (slot->id >> 16) % 0x7fff + 1; /* never 0, and positive as an i4 */
    memset(slot, 0, sizeof *slot);
    slot->busy = true;
    slot->id = generation << 16 | index;
    slot->handle = (uint32_t)handles.next;
    if (++handles.next == handles.count) handles.next = 0;
    slot->planned = run_sends(&run, now);
    slot->sent = now;
    int at = lane->queued++;
    const struct handle *asked = &handles.list[slot->handle];
    unsigned bytes = dns ? dns_request(lane->data[at], asked, index)
                         : resolution_request(lane->data[at], asked, slot->id);
    lane->parts[at] = (struct iovec){lane->data[at], bytes};
    lane->messages[at].msg_hdr = (struct msghdr){.msg_iov = &lane->parts[at], .msg_iovlen = 1};
    if (lane->queued == BATCH) lane_flush(lane);
}

static void requests_send(void) {
    int64_t now = now_ns();
    while (free_count && run_may_send(&run, now)) request_send(now);
    if (!free_count) run.full_at = now;
    for (int i = 0; i < options.sockets; i++)
        if (lanes[i].queued) lane_flush(&lanes[i]);
}

static void slot_finish(uint32_t index, int64_t now) {
    run_answered(&run, now, slots[index].planned, slots[index].sent, slots[index].code);
    slot_release(index);
}

static void slot_reject(uint32_t index) {
    run.counts.wrong++;
    slot_release(index);
}

/* Join one datagram to the answer of its slot. */
static void part_take(uint32_t index, const uint8_t *data, size_t bytes, int64_t now) {
    struct slot *slot = &slots[index];
    uint32_t sequence = get4(data + 12), total = get4(data + 16);
    size_t payload = bytes - ENVELOPE_BYTES;
    if (!slot->total) slot->total = total;
    bool sole = total == payload && !sequence;
    if (total != slot->total || sequence >= PARTS_MAX || (!sole && payload > PART_BYTES) ||
        (size_t)sequence * PART_BYTES + payload > total || !payload) {
        slot_reject(index);
        return;
    }
    uint64_t bit = 1ull << (sequence & 63);
    if (slot->seen[sequence >> 6] & bit) {
        run.counts.stray++;
        return;
    }
    slot->seen[sequence >> 6] |= bit;
    slot->joined += (uint32_t)payload;
    if (!sequence) {
        const uint8_t *message = data + ENVELOPE_BYTES;
        if (!answer_fits(message, payload, &handles.list[slot->handle])) {
            slot_reject(index);
            return;
        }
        slot->code = get4(message + 4);
    }
    if (slot->joined == slot->total) slot_finish(index, now);
}

static void name_take(const uint8_t *data, size_t bytes, int64_t now) {
    uint32_t index = dns_id(data, bytes);
    if (index >= (uint32_t)options.window || !slots[index].busy) {
        run.counts.stray++;
        return;
    }
    slots[index].code = dns_code(data, bytes, &handles.list[slots[index].handle]);
    if (slots[index].code) slot_finish(index, now);
    else slot_reject(index);
}

static void datagram_take(const uint8_t *data, size_t bytes, int64_t now) {
    run.counts.datagrams++;
    run.counts.bytes += bytes;
    if (dns) {
        name_take(data, bytes, now);
        return;
    }
    uint32_t id = bytes >= ENVELOPE_BYTES ? get4(data + 8) : 0, index = id & 0xffff;
    if (index >= (uint32_t)options.window || !slots[index].busy || slots[index].id != id) {
        run.counts.stray++; /* too late, twice, or nothing we asked for */
    } else if (!options.echo) {
        part_take(index, data, bytes, now);
    } else if ((int)++slots[index].joined == options.echo) {
        slot_finish(index, now);
    }
}

static bool answers_take(struct lane *lane) {
    static uint8_t data[BATCH][65536];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){data[i], sizeof data[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int received = recvmmsg(lane->fd, messages, BATCH, 0, NULL);
    if (received < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) fail("receive");
        return false;
    }
    int64_t now = now_ns();
    for (int i = 0; i < received; i++) datagram_take(data[i], messages[i].msg_len, now);
    return received > 0;
}

static void missing_count(int64_t now) {
    static int64_t next;
    if (now < next) return;
    next = now + 5000000;
    for (uint32_t i = 0; i < (uint32_t)options.window; i++)
        if (slots[i].busy && now - slots[i].sent > options.timeout_ns) {
            run.counts.missing++;
            slot_release(i);
        }
}

static void wait_for_answers(void) {
    int64_t now = now_ns(), wait = run_patience(&run, now, free_count > 0);
    struct timespec timeout = {wait / 1000000000, wait % 1000000000};
    struct pollfd ready[SOCKETS_MAX];
    for (int i = 0; i < options.sockets; i++) ready[i] = (struct pollfd){lanes[i].fd, POLLIN, 0};
    ppoll(ready, (nfds_t)options.sockets, &timeout, NULL);
}

/* Send and receive until all is sent, then until every answer is in or missing. */
static void load(void) {
    uint64_t in_time = 0;
    int64_t ended = 0;
    run_start(&run, &options);
    for (;;) {
        requests_send();
        bool any = false;
        for (int i = 0; i < options.sockets; i++) any |= answers_take(&lanes[i]);
        int64_t now = now_ns();
        run_tick(&run, now);
        missing_count(now);
        if (run_sending_over(&run, now)) {
            if (!ended && !options.requests) ended = now, in_time = run.counts.answered;
            if (free_count == (uint32_t)options.window) break;
        }
        if (!any) wait_for_answers();
    }
    if (options.requests) ended = run.last_answer, in_time = run.counts.answered;
    run_print(&run, in_time, ended);
}

int main(int argc, char **argv) {
    bool selftest;
    if (!options_parse(&options, argc, argv, &selftest) || options.sockets > SOCKETS_MAX)
        return usage(argv[0],
                     "  --sockets N         source ports to spread over (1)\n"
                     "  --echo K            the server is the raw echo with K datagrams\n"
                     "  --protocol P        handle (default) or dns\n");
    if (selftest) return histogram_selftest();
    dns = options.protocol && !strcmp(options.protocol, "dns");
    handles = handles_read(options.handles);
    lanes_open();
    slots_prepare();
    load();
    return 0;
}
