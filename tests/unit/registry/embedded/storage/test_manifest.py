"""Promises of the manifest.

* What is stored loads; a folder without one has none.
* Any altered byte that changes a fact is detected, and so is a manifest that describes no possible log.
* Sequences go on without a gap, except where a segment's number is missing.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.embedded.limits import SEGMENTS_MAX
from idnode.registry.embedded.storage import manifest as manifests
from idnode.registry.embedded.storage.disk import DISK
from idnode.registry.embedded.storage.manifest import Manifest, SegmentEntry
from idnode.registry.errors import LogDamaged

REGISTER = b"r" * 16
SEALED = SegmentEntry(1, 1, 200, 10)
MANIFEST = Manifest(REGISTER, (SEALED, SegmentEntry(2, 11)), (9,))


def test_what_is_stored_loads(tmp_path):
    assert manifests.load(tmp_path) is None
    manifests.store(DISK, tmp_path, MANIFEST)
    assert manifests.load(tmp_path) == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == [manifests.NAME]


def test_every_flipped_byte_is_damage_or_means_the_same():
    content = manifests.encode(MANIFEST)
    for at in range(len(content)):
        altered = bytearray(content)
        altered[at] ^= 1
        try:
            assert manifests.decode(bytes(altered)) == MANIFEST
        except LogDamaged:
            continue


def test_every_cut_is_damage_or_means_the_same():
    content = manifests.encode(MANIFEST)
    for length in range(len(content) - 1):
        with pytest.raises(LogDamaged):
            manifests.decode(content[:length])


@given(st.binary() | st.text().map(str.encode) | st.from_regex(rb'[\[{"0-9:,}\]]*'))
def test_any_bytes_are_damage(content):
    with pytest.raises(LogDamaged):
        manifests.decode(content)


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ((), "no segment"),
        ((SEALED,), "active only if it is the last"),
        ((SegmentEntry(1, 1), SegmentEntry(2, 11)), "active only if it is the last"),
        ((SEALED, SegmentEntry(2, 12)), "cannot follow"),
        ((SEALED, SegmentEntry(2, 10)), "cannot follow"),
        ((SEALED, SegmentEntry(1, 11)), "cannot follow"),
        ((SEALED, SegmentEntry(4, 10)), "cannot follow"),
        ((SegmentEntry(1, 2),), "cannot follow"),
        ((SegmentEntry(1, 1, 200, -1), SegmentEntry(2, 11)), "cannot follow"),
        ((SegmentEntry(1, 1, 63, 10), SegmentEntry(2, 11)), "cannot have 63 bytes"),
        ((SegmentEntry(1, 1, 2**30 + 1, 10), SegmentEntry(2, 11)), "cannot have"),
        ((SEALED, SegmentEntry(1 + SEGMENTS_MAX, 11)), "share their places"),
    ],
)
def test_impossible_logs_are_damage(segments, said):
    with pytest.raises(LogDamaged, match=said):
        manifests.decode(manifests.encode(Manifest(REGISTER, segments)))


def test_a_gap_in_the_sequences_needs_a_missing_number():
    gap = Manifest(REGISTER, (SEALED, SegmentEntry(3, 50, 300, 60), SegmentEntry(5, 61)))
    assert manifests.decode(manifests.encode(gap)) == gap
    later = Manifest(REGISTER, (SegmentEntry(4, 31),))
    assert manifests.decode(manifests.encode(later)) == later


def test_another_format_is_damage(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(manifests, "FORMAT", 2)
        newer = manifests.encode(MANIFEST)
    with pytest.raises(LogDamaged, match="format 2 is not ours"):
        manifests.decode(newer)


def test_a_wrong_register_id_is_damage():
    with pytest.raises(LogDamaged, match="no register id"):
        manifests.decode(manifests.encode(Manifest(b"short", MANIFEST.segments)))


def test_the_file_is_readable_by_people():
    document = json.loads(manifests.encode(MANIFEST))
    assert document["manifest"]["segments"][0] == {
        "number": 1,
        "first": 1,
        "bytes": 200,
        "last": 10,
    }
