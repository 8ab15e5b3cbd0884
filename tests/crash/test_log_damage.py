"""What a log survives, and what it must not forgive.

* Zeros from every byte of its last record and of its last commit group on: what was before is there, the
  rest is gone whole and reported. A file that is shorter than it was made is damage at every length.
* Each byte flipped in turn, anywhere behind the manifest: damage or a reported cut, never a wrong record,
  and a cut only in the last commit group.
* Pages of a torn write may be lost in any order; a lost page of an earlier commit is damage.
* Before a clean end (a mark), nothing is forgiven, neither when resuming nor in a scan that follows.
* A place of an altered record never yields a record.
"""

import shutil

import pytest

from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.record import CONTINUES, FIRST, PUT, encode
from idnode.registry.errors import LogDamaged

SEGMENT_BYTES = 4096


def _scan(folder):
    """What opening finds: records and the cut; the log is closed again."""
    log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
    try:
        return list(log.scan()), log.cut
    finally:
        log.close()


class Written:
    """A closed log of single commits and a last commit group, and where each record lies."""

    def __init__(self, folder, last_flags):
        self.folder = folder
        self.records = []
        self.commits = [(0, 64)]  # records before a commit, and the offset at which it begins
        log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
        list(log.scan())
        for flags in ([FIRST], [FIRST, 0, 0], [FIRST], [FIRST | CONTINUES, 0], last_flags):
            batch = [
                encode(
                    len(self.records) + i + 1,
                    PUT,
                    flag,
                    b"88.900.1/%d" % i,
                    b"\1values of the record\2" + bytes(i),
                )
                for i, flag in enumerate(flags)
            ]
            log.append(batch)
            log.sync()
            self.records += batch
            self.commits.append((len(self.records), log.mark().offset))
        self.mark = log.mark()
        log.close()
        log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
        self.whole = list(log.scan())
        log.close()
        self.path = folder / "segment-00000001.log"
        self.bytes = self.path.read_bytes()

    @property
    def last_commit(self):
        """Records before the last commit, and its offset."""
        return self.commits[-2]

    def rewrite(self, content):
        """Write this in place of the segment, which keeps its length, as it does in a crash."""
        self.path.write_bytes(content.ljust(len(self.bytes), b"\0"))

    def open(self):
        return Log.open(self.folder, segment_bytes=SEGMENT_BYTES)

    def scan(self):
        return _scan(self.folder)

    def flipped(self, at, bits=0x10):
        content = bytearray(self.bytes)
        content[at] ^= bits
        return bytes(content)


SINGLES = [FIRST, 0, 0, 0]
BOUND = [FIRST | CONTINUES, CONTINUES, CONTINUES, 0]
MIXED = [FIRST, CONTINUES, 0, CONTINUES, 0]


@pytest.fixture(params=[SINGLES, BOUND, MIXED], ids=["singles", "bound", "mixed"])
def written(request, tmp_path):
    return Written(tmp_path / "log", request.param)


def _group_ends(written):
    """Offsets at which a log may end: behind a record that does not continue."""
    return [64] + [
        record.place * 8 % 2**30 + record.size
        for record in written.whole
        if not record.flags & CONTINUES
    ]


def test_a_cut_at_every_byte_of_the_last_commit_leaves_whole_groups(written):
    ends = _group_ends(written)
    for length in range(written.last_commit[1], written.mark.offset + 1):
        written.rewrite(written.bytes[:length])
        kept, cut = written.scan()
        end = max(end for end in ends if not any(written.bytes[length:end]))
        assert kept == [r for r in written.whole if r.place * 8 % 2**30 < end], f"cut at {length}"
        if any(written.bytes[end:length]):
            assert cut.offset == end
            # Zeros may make up the rest of a record, which then counts with its padding.
            assert cut.bytes <= -(-length // 8) * 8 - end
            assert cut.reason
        else:
            assert cut is None, f"cut at {length}"


def test_the_log_goes_on_behind_a_cut(written):
    for length in range(written.last_commit[1] + 1, written.mark.offset, 13):
        written.rewrite(written.bytes[:length])
        log = written.open()
        kept = list(log.scan())
        (place,) = log.append(
            [encode(len(kept) + 1, PUT, FIRST, b"88.900.1/new", b"behind the cut")]
        )
        log.sync()
        log.close()
        found, cut = written.scan()
        assert cut is None
        assert found[:-1] == kept
        assert (found[-1].place, found[-1].handle) == (place, b"88.900.1/new")


def test_a_cut_before_the_last_commit_shows_as_a_shorter_log_or_damage(written):
    """Zeros from an earlier record on are a torn write of that record, as far as anybody can tell."""
    for length in range(64, written.last_commit[1]):
        written.rewrite(written.bytes[:length])
        kept, _cut = written.scan()
        assert kept == written.whole[: len(kept)]


def test_a_file_that_is_shorter_than_it_was_made_is_damage_wherever_it_ends(written):
    for length in (*range(64, written.mark.offset + 1), SEGMENT_BYTES - 1):
        written.path.write_bytes(written.bytes[:length])
        with pytest.raises(LogDamaged, match=f"has {length} bytes, but was made with"):
            written.open()
        assert written.path.read_bytes() == written.bytes[:length]


def test_each_flipped_byte_is_damage_or_a_reported_cut(written):
    before_last, last_offset = written.last_commit
    for at in range(64, written.mark.offset):
        for bits in (1 << at % 8, 0xFF):
            written.rewrite(written.flipped(at, bits))
            if at < last_offset:
                with pytest.raises(LogDamaged, match="segment 1, offset"):
                    written.scan()
            else:
                try:
                    kept, cut = written.scan()
                except LogDamaged:
                    continue
                assert cut is not None, f"byte {at}"
                assert before_last <= len(kept) < len(written.whole)
                assert kept == written.whole[: len(kept)]


def test_each_flipped_byte_of_the_header_is_damage(written):
    for at in range(64):
        written.rewrite(written.flipped(at))
        with pytest.raises(LogDamaged, match="segment 1, offset 0"):
            written.open()


def test_a_byte_behind_the_end_is_a_reported_cut_and_the_records_stay(written):
    for at in (written.mark.offset, written.mark.offset + 7, 3000, SEGMENT_BYTES - 1):
        written.rewrite(written.flipped(at))
        kept, cut = written.scan()
        assert kept == written.whole
        assert (cut.offset, cut.bytes) == (written.mark.offset, at + 1 - written.mark.offset)
        assert written.scan() == (written.whole, None), "the cut is for good"


def test_zeroed_stretches_of_an_earlier_commit_are_damage(written):
    for at in range(64, written.last_commit[1], 8):
        if any(written.bytes[at : at + 8]):
            written.rewrite(written.bytes[:at] + bytes(8) + written.bytes[at + 8 :])
            with pytest.raises(LogDamaged):
                written.scan()


def test_zeroed_stretches_of_the_last_commit_are_cut(written):
    """Pages of the last write may reach the disk in any order."""
    before_last, last_offset = written.last_commit
    for at in range(last_offset, written.mark.offset, 8):
        for behind in (at + 8, at + 64, written.mark.offset):
            lost = written.bytes[at:behind]
            if not any(lost):
                continue
            written.rewrite(written.bytes[:at] + bytes(len(lost)) + written.bytes[behind:])
            kept, _cut = written.scan()
            assert before_last <= len(kept) < len(written.whole)
            assert kept == written.whole[: len(kept)]


def _refuse_to_resume(written):
    """Neither the end is taken for clean, nor does a scan cut anything off before it."""
    content = written.path.read_bytes()
    log = written.open()
    with pytest.raises(LogDamaged):
        log.resume(written.mark)
    with pytest.raises(LogDamaged):
        list(log.scan())
    log.close()
    assert written.path.read_bytes() == content


def test_before_a_clean_end_every_cut_is_damage(written):
    for length in range(64, len(written.bytes.rstrip(b"\0"))):
        written.rewrite(written.bytes[:length])
        _refuse_to_resume(written)


def test_before_a_clean_end_each_flip_in_the_last_record_is_damage(written):
    last = written.whole[-1]
    for at in range(last.place * 8 % 2**30, written.mark.offset):
        written.rewrite(written.flipped(at))
        _refuse_to_resume(written)


def test_behind_a_clean_end_every_further_byte_is_damage(written):
    for at in (written.mark.offset, written.mark.offset + 1, 3000, SEGMENT_BYTES - 1):
        written.rewrite(written.flipped(at))
        log = written.open()
        with pytest.raises(LogDamaged, match="follow the marked end"):
            log.resume(written.mark)
        log.close()


def test_a_place_never_yields_an_altered_record(written):
    for record in written.whole:
        start = record.place * 8 % 2**30
        for at in range(start, start + record.size):
            written.rewrite(written.flipped(at))
            log = written.open()
            with pytest.raises(LogDamaged):
                log.read(record.place)
            log.close()


def test_a_record_that_is_missing_or_doubled_in_the_middle_is_damage(written):
    for record in written.whole[:-1]:
        start = record.place * 8 % 2**30
        end = start + record.size
        for content in (
            written.bytes[:start] + written.bytes[end:],
            written.bytes[:end] + written.bytes[start:],
        ):
            written.rewrite(content[:SEGMENT_BYTES])
            with pytest.raises(LogDamaged, match="sequence"):
                written.scan()


def test_a_group_whose_end_was_lost_under_a_later_commit_is_damage(tmp_path):
    log = Log.open(tmp_path / "log", segment_bytes=SEGMENT_BYTES)
    list(log.scan())
    group = [encode(i, PUT, CONTINUES if i < 3 else 0, b"88.1/%d" % i, b"") for i in (1, 2, 3)]
    log.append(group)
    log.append([encode(4, PUT, FIRST, b"88.1/4", b"")])
    log.close()
    path = tmp_path / "log" / "segment-00000001.log"
    content = path.read_bytes()
    third = 64 + len(group[0]) + len(group[1])
    forged = encode(3, PUT, CONTINUES, b"88.1/3", b"")
    path.write_bytes(content[:third] + forged + content[third + len(forged) :])
    log = Log.open(tmp_path / "log", segment_bytes=SEGMENT_BYTES)
    with pytest.raises(LogDamaged, match="unfinished group"):
        list(log.scan())
    log.close()


def test_sealed_segments_forgive_nothing(tmp_path):
    folder = tmp_path / "log"
    log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
    list(log.scan())
    log.append([encode(i, PUT, FIRST, b"88.1/%d" % i, b"values") for i in range(1, 4)])
    log.rotate()
    log.close()
    path = folder / "segment-00000001.log"
    content = path.read_bytes()
    for at in range(len(content)):
        altered = bytearray(content)
        altered[at] ^= 0x04
        path.write_bytes(altered)
        with pytest.raises(LogDamaged, match="segment 1, offset"):
            _scan(folder)
    for at in range(64, len(content), 8):
        path.write_bytes(content[:at] + bytes(len(content) - at))
        with pytest.raises(LogDamaged, match="segment 1, offset"):
            _scan(folder)


def test_damage_changes_nothing_on_the_disk(written):
    written.rewrite(written.flipped(70))
    before = shutil.copytree(written.folder, written.folder.with_name("before"))
    with pytest.raises(LogDamaged):
        written.scan()
    for path in before.iterdir():
        assert (written.folder / path.name).read_bytes() == path.read_bytes()
    assert len(list(written.folder.iterdir())) == len(list(before.iterdir()))
