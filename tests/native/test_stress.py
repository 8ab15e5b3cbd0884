"""Native readers and the writer keep this promise.

While the table grows, records move between segments, segments come and go and prefixes are replaced, every record is
found whole, and ThreadSanitizer sees no access that is not ordered.
"""

import subprocess


def test_the_responder_stands_a_writer_that_never_rests(compiled):
    program = compiled("stress", "stress_responder.c", sanitize="thread")
    command = ["setarch", "--addr-no-randomize", str(program), "600"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_readers_of_the_table_stand_growth_and_removal(compiled):
    program = compiled("stress", "stress_slots.c", sanitize="thread")
    command = ["setarch", "--addr-no-randomize", str(program), "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
