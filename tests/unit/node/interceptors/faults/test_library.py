"""The traps of the library, and the files that describe faults.

- Each trap can be read, is off, and says in English and Chinese what happens and what a good client does.
- A description with a mistake is refused as a whole; the message names the fault and the field.
"""

import pytest

from idnode.node.interceptors.faults.fault import FAULTS_MAX, FaultsInvalid, as_data, read_faults
from idnode.node.interceptors.faults.library import read_file, traps

PROMISED = (
    *("snms-504-after-commit", "snms-504-before-commit", "snms-digest-midnight", "token-24h"),
    *("close-after-answer", "udp-lost-middle", "udp-duplicate", "referral-loop", "rc2-busy-burst"),
    *("cont-split-list", "id-sdk-split-envelope", "slow-answer", "wrong-request-id"),
    *("batch-item-refused", "batch-cut", "stale-read", "http-502-html"),
)


def test_the_traps_are_there():
    assert set(PROMISED) <= set(traps())


@pytest.mark.parametrize("trap", traps().values(), ids=lambda trap: trap.name)
def test_a_trap_is_off_and_tells_what_happens_and_what_to_do(trap):
    assert not trap.on
    assert "good client" in trap.en
    assert "合格的客户端" in trap.zh
    assert "\n" not in trap.en + trap.zh


def test_what_is_written_can_be_read():
    assert read_faults({"faults": as_data(traps().values())}) == list(traps().values())


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("x", "list"),
        ([{"name": "a"}], "a: action"),
        ([{"name": "a", "action": {"kind": "explode"}}], "a: action"),
        ([{"name": "a", "action": {"kind": "drop", "x": 1}}], "x"),
        ([{"name": "../a", "action": {"kind": "drop"}}], "name"),
        ([{"name": "a", "action": {"kind": "delay"}}], "a: action"),
        ([{"name": "a", "action": {"kind": "drop"}}] * 2, "two faults"),
        ([{"name": "a", "match": {"handle": "x"}, "action": {"kind": "hold", "seconds": 1}}], "a:"),
        ([{}] * (FAULTS_MAX + 1), "At most"),
    ],
)
def test_a_mistake_is_named(found, words):
    with pytest.raises(FaultsInvalid, match=words):
        read_faults(found)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(FaultsInvalid, match="none"):
        read_file(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[[faults", encoding="utf-8")
    with pytest.raises(FaultsInvalid, match="broken"):
        read_file(broken)
