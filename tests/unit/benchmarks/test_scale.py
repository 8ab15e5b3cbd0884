"""The scale run fills, restarts, crashes and recovers a register, and tells every figure.

- Every figure of the table is there, for every size of a curve.
- A stage that cannot do its work fails the run.
- The requests that fill it are the batches that they seem to be.
- The packed records that fill a register are those that packing one by one gives.
"""

import json

import msgpack
import pytest
from benchmarks.records import packed, small_packed, small_values
from benchmarks.scale import COLUMNS, main
from benchmarks.scale_records import KINDS, handle_of

from idnode.node.faces.bulk.items import ItemPacker
from idnode.registry.handle.values import unpack


def test_a_curve_has_every_figure_of_every_size(tmp_path, capsys):
    result = tmp_path / "result.json"
    assert main(["--curve", "500,2e3", "--folder", str(tmp_path), "--json", str(result)]) == 0
    sizes = json.loads(result.read_text(encoding="utf-8"))["sizes"]
    assert list(sizes) == ["500", "2000"]
    assert all(set(figures) == set(COLUMNS) for figures in sizes.values())
    assert all(figures["fill_rate"] > 0 for figures in sizes.values())
    assert "2,000" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [result]


def test_a_stage_that_fails_fails_the_run(tmp_path, capsys):
    folder = tmp_path / "file"
    folder.write_text("not a folder", encoding="utf-8")
    with pytest.raises(NotADirectoryError):
        main(["10", "--folder", str(folder)])


def test_a_register_of_nothing_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["0"])
    assert "cannot be measured" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_request_is_the_batch_of_its_records(kind):
    packer = ItemPacker(1)
    for number, item in zip(range(7, 10), msgpack.unpackb(kind.request(range(7, 10))), strict=True):
        assert packer.pack(item) == (handle_of(number), kind.packed(number))
    assert kind.wire_bytes() == len(handle_of(1)) + len(kind.packed(1))


def test_quickly_packed_records_are_records():
    assert small_packed(0) == packed(small_values(0))
    (url, _batch, _text) = unpack(small_packed(123_456_789))
    assert url.data == b"https://parts.example.com/trace/123456789"
