"""Costly work is done elsewhere, gives way to answering, within a bound, and its errors come back."""

import os
import sys
import threading

import pytest

from idnode.node.service.errors import NodeBusy
from idnode.node.service.offload import Offload


async def test_work_is_done_in_another_thread_and_its_errors_come_back():
    offload = Offload()
    assert await offload.run(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await offload.run(divmod, 1, 0)
    assert offload.waiting == 0
    offload.close()


async def test_beyond_the_bound_who_comes_is_told_to_come_again():
    offload = Offload(waiting_max=2)
    offload.waiting = 2
    with pytest.raises(NodeBusy):
        await offload.run(int)
    offload.waiting = 0
    assert await offload.run(int) == 0
    offload.close()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities of their own")
async def test_the_work_gives_way_to_the_loop():
    offload = Offload()
    niceness = await offload.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert niceness == min(own + 10, 19)
    offload.close()
