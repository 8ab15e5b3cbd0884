"""The process that `test_kill.py` kills: writes a mixed load and reports it, line by line, on stdout.

Every line is ``[event, number, mutations…]`` as JSON; a submission is reported as ``try`` before it is handed
to the register and as ``done`` with its outcomes once it was acknowledged. A line that was cut by the kill has
no newline and counts as not written; the pipe keeps the others.
"""

import asyncio
import json
import os
import random
import sys
from pathlib import Path

import msgpack

from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack, unpack
from idnode.registry.mutation import AddValues, Applied, Create, Delete, ModifyValues, RemoveValues

WORKERS = 4
HANDLES = 40


def report(*line):
    os.write(1, json.dumps(line).encode() + b"\n")


def values(rng, indexes):
    size = rng.choice((10, 200, 3000))
    return pack([HandleValue(index, "URL", rng.randbytes(size)) for index in indexes])


def handle_of(rng, worker):
    """Return a handle that belongs to this worker alone."""
    return b"88.900.%d/%s%d" % (worker, rng.choice((b"h", b"H")), rng.randrange(HANDLES))


def creation(rng, worker, overwrite):
    """Return a creation."""
    indexes = rng.sample(range(1, 6), rng.randint(1, 3))
    return Create(handle_of(rng, worker), values(rng, indexes), overwrite)


def mutation(rng, worker):
    """Return one mutation."""
    handle = handle_of(rng, worker)
    indexes = rng.sample(range(1, 6), rng.randint(1, 3))
    match rng.randrange(8):
        case 0:
            return Delete(handle)
        case 1:
            return AddValues(handle, values(rng, indexes), overwrite=rng.random() < 0.5)
        case 2:
            return ModifyValues(handle, values(rng, indexes))
        case 3:
            return RemoveValues(handle, tuple(indexes[:1]))
        case _:
            return Create(handle, values(rng, indexes), overwrite=rng.random() < 0.7)


def described(change):
    """Return a mutation as JSON."""
    return [
        type(change).__name__,
        change.handle.hex(),
        getattr(change, "values", b"").hex(),
        getattr(change, "overwrite", False),
        list(getattr(change, "indexes", ())),
    ]


async def work(register, rng, worker):
    number = 0
    while True:
        number += 1
        whole = rng.random() < 0.3
        if rng.random() < 0.5:
            overwrite = rng.random() < 0.7
            batch = [creation(rng, worker, overwrite) for _ in range(rng.choice((1, 2, 20)))]
            carry_out = as_request(register, batch, whole=whole, overwrite=overwrite)
        else:
            batch = [mutation(rng, worker) for _ in range(rng.choice((1, 1, 2, 20)))]
            carry_out = as_mutations(register, batch, whole=whole)
        report("try", worker, number, whole, [described(change) for change in batch])
        report("done", worker, number, await carry_out)


async def as_mutations(register, batch, *, whole):
    """Submit mutations; return what became of each."""
    outcomes = await register.submit(batch, all_or_nothing=whole)
    return [
        outcome.replaced if isinstance(outcome, Applied) else type(outcome).__name__
        for outcome in outcomes
    ]


async def as_request(register, batch, *, whole, overwrite):
    """Submit creations as the bytes of one request, where the core takes that; likewise."""
    items = [
        (change.handle, [(value.index, value.type, value.data) for value in unpack(change.values)])
        for change in batch
    ]
    read = await register.read_batch(msgpack.packb(items), lines=False, now=0)
    if read is None:
        return await as_mutations(register, batch, whole=whole)
    await register.submit_batch(read, all_or_nothing=whole, overwrite=overwrite)
    names = ["applied"] * len(batch)
    for position, error, _handle in read.failures():
        names[position] = type(error).__name__
    return names


async def main(folder, seed, core):
    options = RegisterOptions(
        segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=0.3, core=CORES[core]
    )
    register = await EmbeddedRegister.open(Path(folder), options)
    report("open", register.recovered.cut_bytes)
    rng = random.Random(seed)
    await asyncio.gather(
        *(work(register, random.Random(rng.random()), worker) for worker in range(WORKERS))
    )


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
