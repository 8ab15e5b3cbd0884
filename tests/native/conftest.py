"""Native code compiled with sanitizers, and the corpora that its fuzz targets start from."""

import json
import shutil
import subprocess
from pathlib import Path

import msgpack
import pytest

from idnode.registry.embedded.storage.record import CONTINUES, FIRST, PUT, encode
from idnode.registry.handle import values
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUNS = 20_000
"""Mutations in a run of the whole suite; `make fuzz` asks for many more."""


def pytest_addoption(parser):
    parser.addoption("--fuzz-runs", type=int, default=RUNS, help="mutations a fuzz target gets")
    parser.addoption("--fuzz-seed", type=int, default=1, help="which mutations")


@pytest.fixture
def fuzz_runs(request):
    return request.config.getoption("--fuzz-runs", RUNS)


@pytest.fixture
def fuzz_seed(request):
    return request.config.getoption("--fuzz-seed", 1)


@pytest.fixture
def compiled(tmp_path):
    """Return a function that compiles files of this folder with a sanitizer."""

    def compile_(name, *sources, sanitize):
        compiler = shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            pytest.skip("no C compiler")
        program = tmp_path / name
        command = [
            compiler,
            "-O1",
            "-g",
            "-D_GNU_SOURCE",
            "-pthread",
            "-Wall",
            "-Wextra",
            "-Werror",
        ]
        command += [
            "-Wno-unused-function",
            "-Wno-maybe-uninitialized",
            f"-fsanitize={sanitize}",
            "-fno-sanitize-recover=all",
        ]
        if sanitize == "thread" and "gcc" in compiler:
            command.append("-Wno-tsan")  # the fences are backed by accesses that it does understand
        command += [
            f"-I{ROOT / folder}"
            for folder in (
                "registry/embedded/native",
                "registry/datasets/suzhou",
                "registry/overlay",
                "node/faces/handle/native",
                "node/faces/handle_json/native",
            )
        ]
        command += [*(str(HERE / source) for source in sources), "-o", str(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "cannot find" in done.stderr:
            pytest.skip(f"the compiler has no {sanitize} sanitizer")
        assert done.returncode == 0, done.stderr
        return program

    return compile_


def resolution(handle, *, indexes=(), types=(), flags=0x01000000):
    message = encode_response(1, 0, flags, 0xFFFF, 0, encode_query(Query(handle, indexes, types)))
    return Envelope(2, 11, 0, 2, 11, 0, 7, 0, len(message)).encode() + message


def answer_corpus():
    """Return datagrams of deployed clients, resolutions of the target's records, and value lists."""
    path = ROOT / "tests" / "vectors" / "handle-wire.jsonl"
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    yield from (bytes.fromhex(line["hex"]) for line in lines if line.get("direction") == "request")
    for handle in (b"88.900.1/hello", b"88.900.1/secret", b"88.900.1/absent", b"88.900.1/fuzz"):
        yield resolution(handle)
        yield resolution(handle, indexes=(1, 3), types=(b"URL.", b"desc"))
        yield resolution(handle) * 3
    reference = (1).to_bytes(4, "big") + (3).to_bytes(4, "big") + b"a/b" + bytes(4)
    yield values.join(
        [
            values.pack_value(index, kind, b"data" * index, timestamp=5, references=references)
            for index, kind, references in (
                (1, b"URL", values.EMPTY),
                (2, b"DESC", reference),
                (3, b"url.cn", values.EMPTY),
            )
        ]
    )


def gets_corpus():
    """Return plain GETs of the target's record and of others, with headers, and value lists."""
    lines = b"Host: localhost:80\r\nUser-Agent: wrk\r\nConnection: keep-alive\r\n\r\n"
    for handle in (b"88.900.1/fuzz", b"88.900.1/f%75ZZ", b"88.900.1/none", b"1/x?index=1"):
        yield b"GET /api/handles/" + handle + b" HTTP/1.1\r\n" + lines
    yield b"GET /api/handles/88.900.1/fuzz HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n" * 3
    admin = b"\x0f\xff" + len(b"0.NA/1").to_bytes(4, "big") + b"0.NA/1" + (200).to_bytes(4, "big")
    reference = (1).to_bytes(4, "big") + (3).to_bytes(4, "big") + b"a/b" + bytes(4)
    rows = (
        (b"URL", b'https://example.org/?"', values.EMPTY),
        (b"HS_ADMIN", admin, values.EMPTY),
        (b"HS_ADMIN.X", admin + b"\0\0", reference),
        ("型号".encode(), "你好\n".encode(), reference),
        (b"B", bytes(range(40)), values.EMPTY),
    )
    for ttl_type in (0, 1):
        yield values.join(
            [
                values.pack_value(
                    n, kind, data, timestamp=5 * n, ttl_type=ttl_type, references=references
                )
                for n, (kind, data, references) in enumerate(rows)
            ]
        )


def register_corpus():
    """Return batches in msgpack and NDJSON, requests for handles, and extents of a log, each behind its mark."""
    items = [
        ["88.900/a", [[1, "URL", "https://example.org"], [2, "名称", "泵", 60]]],
        ["88.900/A", [[3, "B", "x"], [1, "A", "y"], [2, "C", "z"]]],
        ["99.9/x", []],
        ["0.NA/88.900.7", [[100, "HS_ADMIN", "x" * 40]]],
        [f"88.900/{'x' * 300}", [[n, "T", ""] for n in range(20, 0, -1)]],
    ]
    binary = [[b"88.900/b", [[1, b"X", b"\x00\xff", 2**31 - 1]]], [1, {b"a": None}], "odd", -1.5]
    yield from (b"\x00" + msgpack.packb(batch) for batch in (items, binary, [], items + binary))
    lines = [json.dumps(item, ensure_ascii=bool(n % 2)) for n, item in enumerate(items)]
    lines += [
        '["88.900/j",[[1,"X",{"base64":"AP8="}]]]',
        '["88.900/\\ud83d\\ude00\\n", [ ] ]',
        "{",
        " ",
    ]
    yield from (b"\x01" + "\n".join(lines[n:]).encode() for n in range(len(lines)))
    yield b"\x02" + msgpack.packb(["88.900/a", "88.900/A", "88.900/none", "99/x", "x", b"88.900/a"])
    yield b"\x02" + msgpack.packb(["88.900/a"] * 40)
    handles = (
        b"88.900/b",
        b"88.900/a",
        b"88.900/B",
        b"88.900/" + b"c" * 30,
        b"88.900/" + b"c" * 29,
    )
    rows = [
        (1, FIRST, handles[0]),
        (1, CONTINUES, handles[1]),
        (1, 0, handles[2]),
        (2, 0, handles[1]),
    ]
    rows += [(1, FIRST, handle) for handle in handles]
    packed = values.join([values.pack_value(1, b"URL", b"x", timestamp=5)])
    log = [encode(n, *row, packed * (row[0] == PUT)) for n, row in enumerate(rows, 1)]
    yield from (b"\x03" + b"".join(log[:n]) for n in (1, 4, len(log)))


def suzhou_corpus():
    """Return positions with changes to their suffixes, and what looks like a suffix."""
    yield from (number.to_bytes(8, "little") for number in (0, 1, 77, 4999))
    yield from (bytes(8) + bytes(at) + b"\x01" for at in range(20))
    yield from (b"ZL190101-M001-000005", b"ZL190103-M004-999998", b"ZL", b"\xff" * 64)


CORPORA = {
    "fuzz_answer": answer_corpus,
    "fuzz_gets": gets_corpus,
    "fuzz_register": register_corpus,
    "fuzz_suzhou": suzhou_corpus,
}
"""What each fuzz target starts from."""


@pytest.fixture
def corpus(tmp_path):
    """Return a function that writes the corpus of a target and returns its path."""

    def write(target):
        path = tmp_path / f"{target}.corpus"
        path.write_text("".join(f"{each.hex()}\n" for each in CORPORA[target]()), encoding="ascii")
        return path

    return write
