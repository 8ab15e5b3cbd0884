"""States of a node: keep what register, directory, files, clock and faults are, and have that again later.

A state is a folder below ``states`` in the data directory, put in place by one rename, so that it is whole or not
there. A return is noted in the data directory before it begins and is forgotten when it is through; a node that was
killed in between carries it out when it starts, before it answers anybody.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from idnode.node.data_directory import DIRECTORY, FILES, KEYS, REGISTER, STATES
from idnode.node.exposure import is_loopback
from idnode.node.first_start.prefixes import put_site_back
from idnode.node.ops.states import FIRST_START, StateCalls, StatesUnsupported, StateUnknown
from idnode.node.service.directory.tokens import make_key
from idnode.registry.handle.clock import ClockState, MovableClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from aiohttp import web

    from idnode.node.directory_parts import DirectoryParts
    from idnode.node.observation import Observation
    from idnode.node.services import NodeServices
    from idnode.node.settings import Settings
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register, States

_RETURNING: Final = "returning.json"
_FACTS: Final = "state.json"
_DRAFT: Final = ".draft"

_log = logging.getLogger(__name__)


class Built(Protocol):
    """Describes what states stand on: the parts of a node that is built."""

    settings: Settings
    register: Register
    parts: DirectoryParts
    observation: Observation


class NodeStates:
    """Keeps states of a running node and returns to them, one call at a time."""

    def __init__(self, built: Built, services: NodeServices, clock: Clock) -> None:
        self._settings = built.settings
        self._data_dir = built.settings.data_dir
        self._folder = built.settings.data_dir / STATES
        self._clock = clock
        self._register = built.register
        self._services = services
        self._parts = built.parts
        self._observation = built.observation
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def begin(
        cls, built: Built, services: NodeServices, clock: Clock, *, first_start: bool
    ) -> Self:
        """Return the states of a node; that of a first start is kept where a reset is allowed.

        Raises:
            RegistryError: The register or the directory refused.
            OSError: The disk refused.

        """
        states = cls(built, services, clock)
        if first_start and built.settings.allow_reset:
            with suppress(StatesUnsupported, FileExistsError):
                await states.save(FIRST_START)
        return states

    def listed(self) -> list[dict[str, Any]]:
        """Return name, time and number of identifiers of each state, oldest first."""
        # No drafts, which somebody who was killed may have left.
        found = [_facts(path) for path in self._folder.glob(f"[!.]*/{_FACTS}")]
        rows = [{key: facts[key] for key in ("name", "created", "identifiers")} for facts in found]
        return sorted(rows, key=lambda row: (row["created"], row["name"]))

    async def save(self, name: str) -> dict[str, Any]:
        """Keep the present state under a name and return what `listed` says of it.

        Raises:
            FileExistsError: There is one of this name.
            StatesUnsupported: The engine or the database cannot.
            RegistryError: The register or the directory refused.
            OSError: The disk refused.

        """
        states = self._states()
        async with self._one_at_a_time:
            if (self._folder / name).exists():
                raise FileExistsError(name)
            draft = self._folder / (_DRAFT + name)
            await asyncio.to_thread(_begin, draft)
            await states.save(draft / REGISTER)
            await self._parts.directory.copy(draft / DIRECTORY)
            facts = {
                "name": name,
                "created": int(self._clock.now()),
                "identifiers": self._register.stats().identifiers,
                "clock": list(self._clock_state()),
                "faults": self._observation.kept_faults(),
            }
            await asyncio.to_thread(self._finish, draft, name, facts)
        return {key: facts[key] for key in ("name", "created", "identifiers")}

    def _finish(self, draft: Path, name: str, facts: dict[str, Any]) -> None:
        _link_all(self._data_dir / FILES, draft / FILES)
        _put(draft / _FACTS, orjson.dumps(facts))
        draft.rename(self._folder / name)
        _sync(self._folder)

    async def load(self, name: str = FIRST_START) -> float:
        """Return to a state and return how many seconds that took; connections stay, tokens and sessions end.

        Raises:
            StateUnknown: There is none of this name.
            StatesUnsupported: The engine or the database cannot.
            RegistryError: The register or the directory refused.
            OSError: The disk refused.

        """
        states = self._states()
        async with self._one_at_a_time:
            began = self._clock.elapsed()
            folder = self._folder / name
            if not (folder / _FACTS).is_file():
                raise StateUnknown(name)
            facts = _facts(folder / _FACTS)
            note = orjson.dumps({"state": name})
            await asyncio.to_thread(_put, self._data_dir / _RETURNING, note)
            await states.restore(folder / REGISTER)
            await self._services.authority.read_anew()
            await self._parts.directory.restore(folder / DIRECTORY)
            self._parts.daily_counts.forget()
            await self._follow(folder, facts)
            (self._data_dir / _RETURNING).unlink()
            return self._clock.elapsed() - began

    async def _follow(self, folder: Path, facts: dict[str, Any]) -> None:
        """Bring everything else to where register and directory are, and end what was proven before."""
        await asyncio.to_thread(_link_all, folder / FILES, self._data_dir / FILES)
        if isinstance(self._clock, MovableClock):
            self._clock.restore(ClockState(*facts["clock"]))
        self._observation.restore_faults(facts["faults"])
        services = self._services
        prefix = self._settings.prefix.encode()
        await put_site_back(self._register, self._clock, prefix, services.site)
        await self._parts.onboarding.publish()
        await self._parts.void_tokens()
        for proven in (
            services.protocol.sessions,
            services.protocol.challenges,
            services.web_sessions,
        ):
            proven.void()

    async def delete(self, name: str) -> None:
        """Forget a state.

        Raises:
            StateUnknown: There is none of this name.
            OSError: The disk refused.

        """
        async with self._one_at_a_time:
            folder = self._folder / name
            if not (folder / _FACTS).is_file():
                raise StateUnknown(name)
            draft = self._folder / (_DRAFT + name)
            await asyncio.to_thread(_remove, folder, draft)

    def _states(self) -> States:
        states = self._register.capabilities.states
        if states is None or not self._parts.directory.copies:
            raise StatesUnsupported
        return states

    def _clock_state(self) -> ClockState:
        if isinstance(self._clock, MovableClock):
            return self._clock.state()
        return ClockState(self._clock.now(), 0.0, 1.0)


def state_routes(states: Callable[[], NodeStates | None], settings: Settings) -> list[web.RouteDef]:
    """Return the calls of the management port; ``states`` returns None while the node is starting."""
    return StateCalls(states, refusal_of(settings)).routes()


def refusal_of(settings: Settings) -> str | None:
    """Return why a node with these settings is not to be reset, None if it may be."""
    if not is_loopback(settings.host):
        return "A node is reset only while it is on loopback (host = 127.0.0.1)"
    if not settings.allow_reset:
        return (
            "This node is not to be reset: start it with --allow-reset, IDNODE_ALLOW_RESET=true "
            "or allow_reset = true"
        )
    return None


async def finish_return(data_dir: Path, register: Register) -> None:
    """Carry out a return that a killed node had begun; before the directory is opened.

    Raises:
        RegistryError: The register refused.
        OSError: The disk refused.

    """
    note = data_dir / _RETURNING
    if not note.is_file():
        return
    name = orjson.loads(note.read_bytes())["state"]
    folder = data_dir / STATES / name
    states = register.capabilities.states
    if states is not None and (folder / _FACTS).is_file():
        await states.restore(folder / REGISTER)
        await asyncio.to_thread(_replace_database, folder / DIRECTORY, data_dir / DIRECTORY)
        await asyncio.to_thread(_link_all, folder / FILES, data_dir / FILES)
        await asyncio.to_thread(make_key, data_dir / KEYS)
        _log.warning("the return to the state %s, which was cut short, is carried out", name)
    note.unlink()


def _replace_database(source: Path, target: Path) -> None:
    """Put a copy of a database in place of another one that nobody has open."""
    fresh = target.with_suffix(".new")
    shutil.copyfile(source, fresh)
    _sync(fresh)
    for journal in ("-wal", "-shm"):
        target.with_name(target.name + journal).unlink(missing_ok=True)
    fresh.replace(target)
    _sync(target.parent)


def _begin(draft: Path) -> None:
    """Make an empty folder; what a killed node left there goes."""
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)


def _remove(folder: Path, draft: Path) -> None:
    """Remove a folder such that a crash leaves nothing half removed under its name."""
    shutil.rmtree(draft, ignore_errors=True)
    folder.rename(draft)
    shutil.rmtree(draft)


def _link_all(source: Path, target: Path) -> None:
    """Give the files of a folder second names in another one, where they are not there yet."""
    if not source.is_dir():
        return
    target.mkdir(mode=0o700, exist_ok=True)
    for path in source.iterdir():
        with suppress(FileExistsError):
            (target / path.name).hardlink_to(path)


def _facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = orjson.loads(path.read_bytes())
    return facts


def _put(path: Path, content: bytes) -> None:
    """Write a file whole, durably, under its name."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    _sync(fresh)
    fresh.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Have a file, or a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
