"""Which core keeps a register is a choice that nobody but the clock notices.

* Where the compiled core was built it is there, is the default, and its column of the tests is run.
* Without it the package works, with the core in Python.
* A register goes from one core to the other and back.
"""

import importlib.machinery
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from idnode.registry.embedded import native
from idnode.registry.embedded.core import CORES, default_core
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.mutation import Create, Delete

BUILT = [
    path
    for path in Path(native.__file__).parent.iterdir()
    if path.name.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))
]


@pytest.mark.skipif(not BUILT, reason="the compiled core was not built")
def test_the_compiled_core_is_there_where_it_was_built():
    assert sorted(CORES) == ["native", "python"]
    assert default_core().name == "native"


def test_without_the_compiled_core_the_package_works():
    script = """
import sys
for name in ("core", "batches", "ordering", "resolutions"):
    sys.modules["idnode.registry.embedded.native." + name] = None
from idnode.registry.embedded.core import CORES, default_core
import idnode.registry.embedded.register
print(*CORES, default_core().name)
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.stdout.split() == ["python", "python"], run.stderr


@pytest.mark.skipif(len(CORES) < 2, reason="there is one core only")
@pytest.mark.parametrize("first", sorted(CORES))
async def test_a_register_goes_from_one_core_to_the_other_and_back(tmp_path, packed, first, caplog):
    caplog.set_level(logging.ERROR)
    (second,) = CORES.keys() - {first}
    expected = []
    for turn, name in enumerate((first, second, first)):
        options = RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN, core=CORES[name])
        register = await EmbeddedRegister.open(tmp_path / "register", options)
        assert (await register.page(b"88.900.1", limit=100)).handles == expected
        handles = [b"88.900.1/%d-%d" % (turn, i) for i in range(9)]
        values = packed((1, bytes(100_000)))
        await register.submit([Create(handle, values) for handle in handles])
        await register.submit([Delete(handles[0])])
        expected = sorted(expected + handles[1:])
        await register.close()
