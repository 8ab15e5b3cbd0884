"""Native readers and the writer keep this promise.

While the table grows, records move between segments, segments come and go and prefixes are replaced, every record is
found whole, and ThreadSanitizer sees no access that is not ordered. A connection that is lent, taken back and lent again at
any moment loses no request and no answer, and AddressSanitizer sees no access to what is gone.
"""

import subprocess


def test_the_responder_stands_a_writer_that_never_rests(compiled):
    program = compiled("stress", "stress_responder.c", sanitize="thread")
    command = ["setarch", "--addr-no-randomize", str(program), "600"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_threads_on_lent_connections_stand_a_writer_and_a_lender(compiled):
    program = compiled("stress", "stress_workers.c", sanitize="thread")
    command = ["setarch", "--addr-no-randomize", str(program), "400"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lent_connections_leave_no_memory_behind(compiled):
    program = compiled("stress", "stress_workers.c", sanitize="address,undefined")
    command = ["setarch", "--addr-no-randomize", str(program), "200"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_readers_of_the_table_stand_growth_and_removal(compiled):
    program = compiled("stress", "stress_slots.c", sanitize="thread")
    command = ["setarch", "--addr-no-randomize", str(program), "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
