"""Files in the formats that people have go into a node and come out of it.

- A batch file of Handle.Net is carried out in order, as whom and within which session it says; what is refused is
  named by its line, and the rest goes on.
- What `export` writes in any format, `import` recognises and takes back.
- `import` tells which format it found; a file of none, and one that breaks off, say so in one line.
"""

import pytest

BATCH = """\
CREATE 88.900.1/b1
100 HS_ADMIN 86400 1110 ADMIN 301:111111111111:0.NA/88.900.1
1 URL 86400 1110 UTF8 https://example.org/1
2 DATA 86400 1110 FILE data.bin

AUTHENTICATE SECKEY:301:0.NA/88.900.1
idnode-demo

SESSIONSETUP
USESESSION:1
OPTIONS:111

CREATE 88.900.1/b2
100 HS_ADMIN 86400 1110 ADMIN 200:111111111111:0.NA/88.900.1
1 URL 86400 1110 UTF8 https://example.org/2
CREATE 88.900.1/b2
1 URL 86400 1110 UTF8 https://example.org/again
ADD 88.900.1/b1
3 EMAIL 86400 1110 UTF8 a@example.org
MODIFY 88.900.1/b1
1 URL 86400 1110 UTF8 https://example.org/changed
REMOVE 3:88.900.1/b1
REMOVE 9:88.900.1/b1
AUTHENTICATE PUBKEY:300:0.NA/88.900.1
key.pem
DELETE 88.900.1/b2

HOME 127.0.0.1:{port}:TCP
0.NA/88.900.1
"""


@pytest.fixture
def node(served):
    return served("--durability", "none")


def test_a_batch_file_is_carried_out_in_order(node, tmp_path):
    (tmp_path / "data.bin").write_bytes(b"\x00\xff")
    key = node.data_dir / "keys" / "88.900.1.private.pem"
    (tmp_path / "key.pem").write_bytes(key.read_bytes())
    (tmp_path / "all.batch").write_text(BATCH.format(port=node.ready["handle_tcp"][1]))
    done = node.run("batch", tmp_path / "all.batch")
    shown = done.stderr.splitlines()
    assert shown[0].endswith("batch file of Handle.Net")
    assert [line.split(":")[0] for line in shown[1:4]] == ["line 16", "line 23", "line 28"]
    assert done.stdout == "6 operations done, 3 refused\n"
    assert done.returncode == 1
    resolved = node.run("resolve", "88.900.1/b1").stdout
    assert "https://example.org/changed" in resolved
    assert "a@example.org" not in resolved
    assert "handle_not_found" in node.run("resolve", "88.900.1/b2").stdout


def test_what_is_exported_in_any_format_is_recognised_and_taken_back(node, tmp_path):
    node.run("register", "88.900.1/x,1", 'URL=https://example.org/?a="b"', "NOTE=two\nlines")
    before = {}
    for name in ("ndjson", "csv", "batch"):
        file = tmp_path / f"all.{name}"
        assert node.run("export", "88.900.1", file, "--format", name).returncode == 0
        before[name] = file.read_bytes()
    for name, title in (("csv", "CSV of"), ("batch", "batch file of"), ("ndjson", "NDJSON")):
        node.run("delete", "88.900.1/x,1")
        done = node.run("import", tmp_path / f"all.{name}")
        assert title in done.stderr
        assert done.stdout == "1 accepted, 1 refused\n"
    node.run("export", "88.900.1", tmp_path / "after.ndjson")
    assert (tmp_path / "after.ndjson").read_bytes() == before["ndjson"]


def test_a_file_that_breaks_off_says_at_which_line(node, tmp_path):
    (tmp_path / "broken.csv").write_text("handle,idx,type,data\n88.900.1/c,1,URL,x\n88.900.1/c,2\n")
    done = node.run("import", tmp_path / "broken.csv")
    assert done.returncode == 1
    assert "line 3: 2 columns where 4 are expected" in done.stderr
    (tmp_path / "none").write_text("hello\n")
    done = node.run("import", tmp_path / "none")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "none of the formats" in done.stderr
