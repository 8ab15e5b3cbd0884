"""Memory that native readers may hold stays where it is.

* A mapping that is replaced or taken away is let go only after the readers were waited for.
* While a reader of another thread is inside, nothing is let go at all.
"""

import gc
import weakref
from mmap import mmap

from idnode.registry.embedded.native.core import SegmentView


class Mapping(mmap):
    """A mapping that can be watched."""


def test_a_mapping_is_let_go_once_readers_were_waited_for():
    view = SegmentView()
    waited = []
    first, second = Mapping(-1, 4096), Mapping(-1, 4096)
    alive = weakref.ref(first)
    view.quiesce = lambda: waited.append(alive() is not None)
    view(5, first)
    del first
    assert not waited
    view(5, second)
    gc.collect()
    assert waited == [True]
    assert alive() is None
    alive = weakref.ref(second)
    del second
    view(5, None)
    gc.collect()
    assert waited == [True, True]
    assert alive() is None


async def test_a_register_waits_for_readers_before_it_lets_a_segment_go(opened, packed, options):
    from dataclasses import replace

    from idnode.registry.mutation import Create

    register = await opened(replace(options, compact_dead_share=0.2))
    waited = []
    register.capabilities.slots.segments.quiesce = lambda: waited.append(True)
    values = packed((1, bytes(50_000)))
    while register.stats().figures["segments"] < 3:
        await register.submit([Create(b"88.900.1/a", values, overwrite=True)])
    assert waited
    register.capabilities.slots.segments.quiesce = None
