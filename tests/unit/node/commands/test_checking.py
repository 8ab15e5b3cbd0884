"""`idnode check` keeps these promises.

- After a clean stop every record was acknowledged: a missing end is damage, and --repair cuts nothing.
- After a crash a torn tail is cut by --repair, and only by it.
- A useless index image is said to be one, and does not stand in the way.
"""

import pytest
from typer.testing import CliRunner

from idnode.node import cli
from idnode.node.data_directory import REGISTER
from idnode.registry.embedded import image
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.mutation import Create


@pytest.fixture
async def data_dir(tmp_path):
    register = await EmbeddedRegister.open(tmp_path / REGISTER)
    for name in (b"88.900.1/a", b"88.900.1/b"):
        await register.submit([Create(name, b"\0\0\0\0")])
    await register.close()
    return tmp_path


@pytest.fixture
def check(data_dir):
    def run(*flags):
        return CliRunner().invoke(cli.application(["check"]), ["check", str(data_dir), *flags])

    return run


def tear(data_dir):
    """Cut into the last record and return the file."""
    (path,) = (data_dir / REGISTER).glob("segment-*.log")
    whole = path.read_bytes()
    path.write_bytes(whole.rstrip(b"\0")[:-3].ljust(len(whole), b"\0"))
    return path


def test_after_a_clean_stop_no_record_is_cut(data_dir, check):
    assert check().exit_code == 0
    path = tear(data_dir)
    content = path.read_bytes()
    done = check("--repair")
    assert done.exit_code == 1
    assert "the log was closed at offset" in done.stdout
    assert path.read_bytes() == content


def test_after_a_crash_a_torn_tail_is_cut_when_asked(data_dir, check):
    image.remove(data_dir / REGISTER)
    tear(data_dir)
    done = check()
    assert done.exit_code == 1
    assert "--repair" in done.stdout
    assert check("--repair").exit_code == 0
    assert "nothing is wrong" in check().stdout


def test_a_useless_image_is_told(data_dir, check):
    (data_dir / REGISTER / image.FILE_NAME).write_bytes(b"nonsense")
    done = check()
    assert done.exit_code == 0
    assert "the index image is of no use" in done.stdout
