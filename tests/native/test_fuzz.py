"""Native parsers of untrusted bytes keep this promise.

Whatever mutation of real input they are given, no access leaves its bounds, no operation is undefined, and the
target's own checks hold. `make fuzz` runs the same for much longer.
"""

import subprocess
from pathlib import Path

import pytest

TARGETS = sorted(path.stem for path in Path(__file__).parent.glob("fuzz_*.c"))


@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", TARGETS)
def test_mutated_input_does_no_harm(target, compiled, corpus, fuzz_runs, fuzz_seed):
    program = compiled(target, "driver.c", f"{target}.c", sanitize="address,undefined")
    command = [str(program), str(corpus(target)), str(fuzz_runs), str(fuzz_seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
