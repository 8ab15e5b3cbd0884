"""The native threads keep these promises.

- Plain resolutions are answered at the socket they came to; everything else is handed over with its sender.
- Every datagram received is counted once: found, missing, handed over or dropped; so are those that were sent.
- A full hand-off drops and counts; nothing waits for it.
- Threads stop and start again; prefixes are replaced under load without a wrong answer.
- Large answers arrive in datagrams of 512 bytes; of those over the bound only the first one does.
"""

import socket
import threading

import pytest

NOW = 1_800_000_000
FRONT_BYTES = 28 + 8


@pytest.fixture
def responder(native, house):
    made = native.Responder(house.table, (1e-3, 1.0), datagram_answer_max=1 << 20)
    made.set_prefixes([b"88.900.1"])
    yield made
    made.stop()


@pytest.fixture
def handoff():
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pair[0].settimeout(10)
    yield pair
    for each in pair:
        each.close()


@pytest.fixture
def bound():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    yield made
    made.close()


@pytest.fixture
def client(bound):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.connect(bound.getsockname())
    made.settimeout(10)
    yield made
    made.close()


@pytest.fixture
def running(responder, bound, handoff):
    responder.start([bound.fileno()], handoff[1].fileno())
    return responder


def test_a_plain_resolution_is_answered(running, client, ask, answers):
    client.send(ask(b"88.900.1/hello"))
    found = client.recv(2048)
    expected = answers.answer(ask(b"88.900.1/hello"), NOW)[0]
    assert found[:20] == expected[:20]
    assert found[44:] == expected[44:]  # between them stands the expiration


def test_anything_else_is_handed_over_with_its_sender(running, client, handoff, ask):
    for datagram in (ask(b"88.900.1/secret"), b"?", b"", b"x" * 9000):
        client.send(datagram)
        found = handoff[0].recv(1 << 16)
        assert found[FRONT_BYTES:] == datagram
        assert int.from_bytes(found[2:4], "big") == client.getsockname()[1]
        assert socket.inet_ntoa(found[4:8]) == "127.0.0.1"


def test_of_an_answer_over_the_bound_the_first_datagram_goes(native, house, ask, answers):
    bounded = native.Answers(house.table, (), mark_truncated=False, datagram_answer_max=1024)
    bounded.set_prefixes([b"88.900.1"])
    whole = answers.answer(ask(b"88.900.1/large"), NOW)
    (only,) = bounded.answer(ask(b"88.900.1/large"), NOW)
    assert only[2] & 0x20
    assert only[44:] == whole[0][44:]
    assert len(bounded.answer(ask(b"88.900.1/two"), NOW)) == 2


@pytest.mark.parametrize(("handle", "datagrams"), [(b"88.900.1/two", 2), (b"88.900.1/large", 164)])
def test_a_large_answer_comes_in_datagrams(running, client, ask, answers, handle, datagrams):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    client.send(ask(handle))
    expected = answers.answer(ask(handle), NOW)
    found = [client.recv(2048) for _ in expected]
    assert len(found) == datagrams
    assert [each[:20] for each in found] == [each[:20] for each in expected]
    assert b"".join(each[20:] for each in found[1:]) == b"".join(each[20:] for each in expected[1:])


def test_every_datagram_is_counted_once(running, client, handoff, ask):
    for handle in (b"88.900.1/hello", b"88.900.1/absent", b"88.900.1/two", b"88.900.1/hello"):
        client.send(ask(handle))
    for _ in range(5):
        client.recv(2048)
    client.send(b"?")
    handoff[0].recv(64)
    running.stop()
    counts = running.counts()
    assert counts == {
        "received": 5,
        "found": 3,
        "missing": 1,
        "handed": 1,
        "dropped": 0,
        "sent": 5,
        "unsent": 0,
        "limited": 0,
    }
    assert running.volume() == {b"88.900.1": (3, 1)}
    buckets, seconds = running.timings()
    assert sum(buckets) == 4
    assert seconds > 0


def test_of_what_is_not_found_as_many_are_left_to_the_caller_as_it_asks_for(answers, ask):
    absent, present = ask(b"88.900.1/absent"), ask(b"88.900.1/hello")
    assert answers.answer(absent, NOW) is not None
    answers.leave_missing(None)
    assert answers.answer(absent, NOW) is None
    assert answers.answer(present, NOW) is not None
    answers.leave_missing(10)
    left = [answers.answer(absent, NOW) for _ in range(10_000)].count(None)
    assert 10 <= left < 10_000
    assert answers.unseen() == 10_000 - left
    answers.leave_missing(0)
    assert answers.answer(absent, NOW) is not None
    assert answers.unseen() == 10_000 - left


def test_a_full_hand_off_drops_and_counts(running, client, handoff, ask):
    handoff[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    sent = 20
    for _ in range(sent):
        client.send(b"x" * 2000)
    client.send(ask(b"88.900.1/hello"))
    client.recv(2048)
    running.stop()
    counts = running.counts()
    assert counts["dropped"] > 0
    assert counts["dropped"] + counts["handed"] == sent
    assert running.lost() == counts["dropped"]


def test_threads_stop_and_start_again(running, bound, client, handoff, ask):
    running.stop()
    client.send(ask(b"88.900.1/hello"))
    running.start([bound.fileno()], handoff[1].fileno())
    assert client.recv(2048)
    running.stop()
    assert running.counts()["found"] == 1


def test_threads_do_not_start_twice(running, bound, handoff):
    with pytest.raises(RuntimeError):
        running.start([bound.fileno()], handoff[1].fileno())


def test_what_is_no_socket_starts_no_thread(responder, handoff, tmp_path):
    with (tmp_path / "file").open("wb") as file, pytest.raises(OSError):
        responder.start([file.fileno()], handoff[1].fileno())
    with pytest.raises(ValueError):
        responder.start([], handoff[1].fileno())


def test_several_threads_share_a_port(responder, handoff, ask):
    sockets = []
    for _ in range(3):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(sockets[0].getsockname() if sockets else ("127.0.0.1", 0))
        sockets.append(made)
    responder.start([each.fileno() for each in sockets], handoff[1].fileno())
    for _ in range(40):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(sockets[0].getsockname())
            client.send(ask(b"88.900.1/hello"))
            assert client.recv(2048)
    responder.stop()
    assert responder.counts()["found"] == 40
    for each in sockets:
        each.close()


def test_prefixes_are_replaced_under_load(running, client, handoff, ask):
    over = threading.Event()

    def replace():
        while not over.is_set():
            running.set_prefixes([b"88.900.1", b"88.900.2"])
            running.set_prefixes([b"88.900.1"])

    changing = threading.Thread(target=replace)
    changing.start()
    codes = set()
    for _ in range(2000):
        client.send(ask(b"88.900.1/hello"))
        codes.add(client.recv(2048)[24:28])
    over.set()
    changing.join()
    assert codes == {(1).to_bytes(4, "big")}
    assert running.volume() == {b"88.900.1": (2000, 0)}


def test_the_clock_may_be_moved(running, client, ask):
    def expiration():
        client.send(ask(b"88.900.1/hello"))
        return int.from_bytes(client.recv(2048)[36:40], "big")

    before = expiration()
    running.set_clock_offset(1_000_000)
    assert 999_999 <= expiration() - before <= 1_000_060
