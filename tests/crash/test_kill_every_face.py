"""A served node that is killed while every face writes keeps what it acknowledged, and nothing else.

* Writers over TCP, with and without a session, JSON, SNMS and bulk go on until the kill. What each was told is there when the node serves
  again, whichever face asks; what it was not told is there whole or not at all.
* So it is with the register on PostgreSQL, which passes its check, too.
* The log passes its check after each kill, with the compiled core and without it.

``--rounds`` makes it go through that more often.
"""

import random

import pytest
from tests.crash.writers import FACES, Ledger, Writer, found_by, prepare

from idnode.clients.errors import NotAnswered
from idnode.registry.embedded.storage.check import check

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]

ROUNDS = 2


@pytest.fixture(params=["embedded", "postgresql"])
def engine(request):
    """Flags of a node on an engine, and what has its problems found."""
    if request.param == "embedded":
        flags = ("--segment-bytes", 1 << 20)
        return flags, lambda node: check(node.data_dir / "register").problems
    url = request.getfixturevalue("postgres").empty()
    return ("--register", url), lambda node: node.run("storage", "check", url).returncode


def test_what_any_face_acknowledged_survives_a_kill(
    served, engine, monkeypatch, request, rounds, tell
):
    base = request.config.getoption("randomly_seed", 0)
    chance = random.Random(base if isinstance(base, int) else 0)
    ledgers = {face: Ledger() for face in (*FACES, "bulk")}
    flags, problems = engine
    node = served(*flags)
    prepare(node)
    for turn in range(rounds(ROUNDS)):
        writers = [
            Writer(node, face, ledger, random.Random(chance.random()), text_bytes=200)
            for face, ledger in ledgers.items()
        ]
        for writer in writers:
            writer.start()
        writers[0].join(chance.uniform(0.1, 1.0))
        node.kill()
        for writer in writers:
            writer.join(30)
            assert isinstance(writer.failure, NotAnswered), (writer.face, writer.failure)
        assert not problems(node)
        monkeypatch.setenv("IDNODE_PURE", str(int(turn % 4 == 3)))
        node = served(*flags)
        for face, ledger in ledgers.items():
            found = found_by(node, list(ledger.allowed))
            wrong = {
                handle: text for handle, text in found.items() if text not in ledger.allowed[handle]
            }
            assert not wrong, (turn, face, wrong)
            ledger.allowed = {handle: {text} for handle, text in found.items()}
    counts = {face: ledger.acknowledged for face, ledger in ledgers.items()}
    assert all(counts.values()), counts
    tell(f"{rounds(ROUNDS)} kills, acknowledged {counts}, lost 0")
