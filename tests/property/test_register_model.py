"""The register does what a dict of records would do, whatever is asked of it and in whatever order.

* Each outcome, and each record afterwards, is that of the model: spelling, values, readability.
* Listings page through exactly the model's handles, in order; counts agree.
* Closing and opening again, a crash (a copy of the files taken while open), compaction and a snapshot change
  nothing of that.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.killed_copy import killed_copy

from idnode.registry.embedded.core import CORES, Core
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.check import check
from idnode.registry.errors import BatchAborted, HandleExists, HandleNotFound, ValuesNotFound
from idnode.registry.handle.errors import IndexConflict, RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import by_index, pack
from idnode.registry.mutation import AddValues, Applied, Create, Delete, ModifyValues, RemoveValues

HANDLES = st.sampled_from(
    [b"88.900.1/a", b"88.900.1/A", b"88.900.1/b", b"88.900.1/C", b"88.900.10/a", b"0.NA/88.900.1"]
)
INDEXES = st.integers(min_value=1, max_value=4)


def packed(values):
    return pack(
        [
            HandleValue(index, "URL", data * repeat, permissions=0x0E if public else 0x0C)
            for index, (data, repeat, public) in values.items()
        ]
    )


VALUES = st.dictionaries(
    INDEXES,
    st.tuples(st.binary(min_size=1, max_size=3), st.sampled_from([1, 20_000]), st.booleans()),
    max_size=3,
).map(packed)
MUTATIONS = st.one_of(
    st.builds(Create, HANDLES, VALUES, st.booleans()),
    st.builds(Delete, HANDLES),
    st.builds(AddValues, HANDLES, VALUES, st.booleans()),
    st.builds(ModifyValues, HANDLES, VALUES),
    st.builds(RemoveValues, HANDLES, st.lists(INDEXES, max_size=2).map(tuple)),
)


def merge(record, mutation):
    """Return the model's outcome and the record's values after a change of values."""
    present = dict(record)
    if isinstance(mutation, RemoveValues):
        if not present.keys() >= set(mutation.indexes):
            return ValuesNotFound, record
        return True, {i: present[i] for i in sorted(present) if i not in mutation.indexes}
    given = by_index(mutation.values)
    clashes = given.keys() & present.keys()
    if isinstance(mutation, ModifyValues) and clashes != given.keys():
        return ValuesNotFound, record
    if isinstance(mutation, AddValues) and clashes and not mutation.overwrite:
        return IndexConflict, record
    present.update(given)
    replaced = isinstance(mutation, ModifyValues) or bool(clashes)
    return replaced, {i: present[i] for i in sorted(present)}


def step(model, mutation):
    """Carry a mutation out on the model; return whether it replaced something, or the class of refusal."""
    key = mutation.handle.upper()
    if isinstance(mutation, Create):
        exists = key in model
        if exists and not mutation.overwrite:
            return HandleExists
        model[key] = (mutation.handle, by_index(mutation.values))
        return exists
    if key not in model:
        return HandleNotFound
    if isinstance(mutation, Delete):
        del model[key]
        return True
    outcome, values = merge(model[key][1], mutation)
    model[key] = (model[key][0], values)
    return outcome


class RegisterMachine(RuleBasedStateMachine):
    """A register and the dict that it must equal."""

    core: Core

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.root = Path(tempfile.mkdtemp())
        self.folder = self.root / "0"
        self.copies = 0
        self.model = {}

    @initialize(durability=st.sampled_from(Durability), dead_share=st.sampled_from([0.1, 2.0]))
    def first_open(self, durability, dead_share):
        self.options = RegisterOptions(
            durability=durability,
            segment_bytes=SEGMENT_BYTES_MIN,
            compact_dead_share=dead_share,
            interval_seconds=0.001,
            core=self.core,
        )
        self.open()

    def open(self):
        self.register = self.run(EmbeddedRegister.open(self.folder, self.options))

    def run(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def new_folder(self):
        self.copies += 1
        return self.root / str(self.copies)

    @rule(mutations=st.lists(MUTATIONS, min_size=1, max_size=8), whole=st.booleans())
    def submit(self, mutations, whole):
        tried = dict(self.model)
        expected = [step(tried, mutation) for mutation in mutations]
        if whole and any(not isinstance(outcome, bool) for outcome in expected):
            expected = [BatchAborted if isinstance(o, bool) else o for o in expected]
        else:
            self.model = tried
        outcomes = self.run(self.register.submit(mutations, all_or_nothing=whole))
        assert expected == [
            outcome.replaced if isinstance(outcome, Applied) else type(outcome)
            for outcome in outcomes
        ]
        assert all(isinstance(outcome, Applied | RegistryError) for outcome in outcomes)

    @rule()
    def close_and_open(self):
        self.run(self.register.close())
        assert check(self.folder).healthy
        self.open()
        assert self.register.recovered.from_image

    @rule()
    def crash_and_open(self):
        copy = killed_copy(self.folder, self.new_folder())
        self.run(self.register.close())
        self.folder = copy
        self.open()

    @rule()
    def move_to_a_snapshot(self):
        target = self.new_folder()
        self.run(self.register.snapshot(target))
        assert check(target).healthy
        self.run(self.register.close())
        self.folder = target
        self.open()

    @precondition(lambda self: hasattr(self, "register"))
    @invariant()
    def records_are_those_of_the_model(self):
        for key, (handle, values) in self.model.items():
            stored = self.register.lookup(key.lower())
            assert stored.handle == handle
            assert list(by_index(stored.values).items()) == list(values.items())
            assert stored.public == all(value[13] & 2 for value in values.values())
        assert self.register.stats().identifiers == len(self.model)

    @precondition(lambda self: hasattr(self, "register"))
    @invariant()
    def pages_are_those_of_the_model(self):
        prefixes = {key.partition(b"/")[0] for key in self.model}
        assert self.register.prefixes() == sorted(prefixes)
        for prefix in prefixes:
            keys = sorted(key for key in self.model if key.startswith(prefix + b"/"))
            assert self.run(self.register.count(prefix)) == len(keys)
            handles, after = [], b""
            while after is not None:
                page = self.run(self.register.page(prefix, after=after, limit=2))
                handles += page.handles
                after = page.after
            assert handles == [self.model[key][0] for key in keys]

    def teardown(self):
        if hasattr(self, "register"):
            self.run(self.register.close())
        self.loop.close()
        shutil.rmtree(self.root)


@pytest.mark.parametrize("core", CORES.values(), ids=CORES)
def test_a_register_does_what_the_model_does(core, examples):
    machine = type("Machine", (RegisterMachine,), {"core": core})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(40),
            stateful_step_count=25,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
