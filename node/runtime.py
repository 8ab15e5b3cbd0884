"""The composition root: builds the node in the order of its dependencies, and takes it down in reverse.

Everything is made here by plain constructor calls; nothing else knows which class fulfils which part.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from random import Random
from typing import Any

from aiohttp import web

from idnode.node import open_files
from idnode.node.addresses import WILDCARDS, Addresses
from idnode.node.answering import Answering, udp_limits
from idnode.node.binding import HandleSockets, bind_admin, bind_handle, listen
from idnode.node.browsers import access_of, fenced
from idnode.node.build import core, version
from idnode.node.data_directory import KEYS, REGISTER, SNAPSHOTS, make_private
from idnode.node.dataset import ServedDataset
from idnode.node.demo_secrets import demo_secret_works, refuse_demo_secret
from idnode.node.directory_parts import Core, open_directory
from idnode.node.exposure import is_loopback
from idnode.node.faces.handle.limits import TcpLimits
from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.faces.http.app import HttpFaceRunner, build_app
from idnode.node.faces.http.authorization import HttpAuthorization
from idnode.node.faces.http.services import Services, from_the_start
from idnode.node.first_start import prefixes
from idnode.node.first_start.prefixes import NodeSite
from idnode.node.first_start.sample import sample_record
from idnode.node.housekeeping import Housekeeping
from idnode.node.interceptors.chain import Interceptors
from idnode.node.interceptors.exchange import HANDLE_JSON, HANDLE_TCP, HANDLE_UDP
from idnode.node.observation import Observation
from idnode.node.ops import management, openapi, persistent_counters
from idnode.node.ops.clock import clock_routes
from idnode.node.ops.health import Health, State
from idnode.node.ops.lag import LagProbe
from idnode.node.ops.metrics import Facts, Metrics
from idnode.node.ops.onboarding import OnboardingCalls
from idnode.node.service.events import Observer
from idnode.node.service.identifiers.authority import Authority
from idnode.node.service.identifiers.credentials import node_administrators
from idnode.node.services import NodeServices
from idnode.node.settings import Settings, pure_python_forced
from idnode.node.states import NodeStates, finish_return, state_routes
from idnode.registry.engines import Opening, open_register
from idnode.registry.handle.clock import Clock, MovableClock
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.register import Register

"""The record of the sample identifier that exists after the first start."""

_log = logging.getLogger(__name__)


class Node:
    """A whole node in this process; `start` returns once it is ready, `stop` once all is on the disk."""

    addresses: Addresses
    demo_secret_works: bool
    services: NodeServices
    answering: Answering
    register: Register
    dataset: ServedDataset | None = None
    states: NodeStates | None = None

    def __init__(
        self,
        settings: Settings,
        *,
        seed: int,
        clock: Clock | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.settings = settings
        self.seed = seed
        self.health = Health(core())
        self.interceptors = Interceptors()
        """Who sees every request: what `observation` puts there, and whoever adds to it."""
        self._clock = clock or MovableClock()
        self.observation = Observation(settings, self._clock, self.interceptors, seed)
        self._random = Random(seed)  # noqa: S311  # repeatable on purpose; secrets come from `secrets`
        self._progress = progress
        self._started = self._clock.now()
        self._chores: list[Callable[[], None]] = []
        self._running = AsyncExitStack()
        self._log_failed: Callable[[], bool] = bool
        self._housekeeping: Housekeeping
        self._granted: open_files.Shares

    @property
    def log_failed(self) -> bool:
        """Return whether the log failed for good while the node ran: what is on the disk wants looking at."""
        return self._log_failed()

    def every_second(self, chore: Callable[[], None]) -> None:
        """Have something quick done about once a second while the node runs; ask before `start`."""
        self._chores.append(chore)

    async def start(self) -> None:
        """Build everything, open the register, bind the ports.

        Raises:
            PortRefused: A port cannot be had.
            SettingsRefused: A secret that everybody knows would be offered to a network.
            RegistryError: The data directory is in use or damaged.
            OSError: The disk refused.

        """
        try:
            await self._build()
        except BaseException:
            await self._running.aclose()
            raise
        self.health.state = State.READY

    async def stop(self) -> None:
        """Become not ready, answer what is under way, put everything on the disk."""
        self.health.state = State.DRAINING
        await self._running.aclose()

    async def _build(self) -> None:
        await asyncio.to_thread(make_private, self.settings.data_dir)
        self.metrics = Metrics(self._facts(), persistent_counters.load(self.settings.data_dir))
        self._housekeeping = Housekeeping(self.settings.data_dir, self.metrics)
        for chore in self._chores:
            self._housekeeping.add(chore)
        self.metrics.read_injected(self.observation.struck)
        self.metrics.read_ready(lambda: self.health.ready)
        self.metrics.read_disk(self.settings.data_dir)
        granted = self._granted = open_files.shares(self.settings, open_files.limit())
        options = self._runner_options()
        admin = await bind_admin(self.settings, self._management(), granted, self._running, options)
        opened = await self._open_register()
        await finish_return(self.settings.data_dir, opened)
        first_start = not opened.stats().identifiers
        slots = opened.capabilities.slots
        answering = self.answering = Answering(slots, self._clock, self.settings)
        self._housekeeping.add(answering.follow_clock)
        self.observation.journal.unseen = answering.unseen
        threads = self.settings.udp_threads if answering.native else 0
        bound = await bind_handle(self.settings, max(threads, 1))
        self._running.callback(bound.close)
        site = await self._site_record(opened, bound)
        self.register = await self._over(opened, site)
        server = decode_site(site.site).servers[0]
        authority = await Authority.open(self.register, server)
        services = NodeServices(
            self.settings, self.register, authority, self._clock, site, self.report
        )
        self._running.callback(services.offload.close)
        self.services = services
        await self._open_directory(services)
        self.observation.know(self.register, authority, self.parts.directory)
        await self._first_start(services, first_start=first_start)
        self.metrics.read_register(self.register.stats)
        self.metrics.lift_registrations(self.register.stats().identifiers)
        await self._serve_handle_protocol(services, answering, bound, threads)
        http = await self._serve_faces(services)
        self._watch_loop()
        self.states = await NodeStates.begin(self, services, self._clock, first_start=first_start)
        self.addresses = Addresses(bound.address, bound.address, http, admin)
        if self.dataset is not None:
            self._running.callback(self.dataset.answer_natively(answering).cancel)

    def _facts(self) -> Facts:
        settings = self.settings
        return Facts(version(), core(), settings.target_registrations, settings.target_resolutions)

    async def _open_register(self) -> Register:
        settings = self.settings
        opening = Opening(
            settings.data_dir / REGISTER,
            durability=settings.durability,
            interval_seconds=settings.durability_interval,
            segment_bytes=settings.segment_bytes,
            verify=settings.verify,
            pure=pure_python_forced(),
            committed=self.metrics.committed,
            progress=self._progress,
        )
        register = await open_register(settings.register.get_secret_value(), opening)
        self.health.read_unwritable(lambda: register.stats().unwritable)
        self._log_failed = lambda: register.stats().failed
        self._running.push_async_callback(self._housekeeping.stop)
        self._running.push_async_callback(register.close)
        self._housekeeping.start()
        return register

    async def _site_record(self, register: Register, bound: HandleSockets) -> NodeSite:
        """Return the node's site record, which tells the addresses that are bound."""
        settings = self.settings
        host, port = bound.address
        told = str(settings.site_address or WILDCARDS.get(host, host))
        if settings.site_address is None and host in WILDCARDS:
            _log.warning("clients are told that this node is at %s: set --site-address", told)
        return await prefixes.prepare_prefixes(
            register,
            self._clock,
            keys=settings.data_dir / KEYS,
            prefix=settings.prefix.encode(),
            secret=settings.secret.get_secret_value().encode(),
            addresses=prefixes.Addresses(told, port, port),
            keep_secret=settings.demo_secret,
        )

    async def _over(self, register: Register, site: NodeSite) -> Register:
        """Return what faces use as the register: over a data set if there is one."""
        if self.settings.dataset is None:
            return register
        self.dataset = await ServedDataset.open(register, self.settings, site)
        self._running.push_async_callback(self.dataset.overlay.close)
        self.metrics.read_computed(self.dataset.overlay.count_computed)
        return self.dataset.overlay

    async def _open_directory(self, services: NodeServices) -> None:
        under = Core(self.settings, self._clock, self.register, services, self.metrics.flush)
        self.parts = await open_directory(under, self._running)

    async def _first_start(self, services: NodeServices, *, first_start: bool) -> None:
        """Make what a first start finds besides, and refuse secrets that everybody knows off loopback."""
        await self.parts.prepare()
        prefix = self.settings.prefix.encode()
        self.demo_secret_works = await demo_secret_works(services.credentials, prefix)
        if not is_loopback(self.settings.host):
            await refuse_demo_secret(self.settings, services.credentials)
            self.parts.refuse_demo_password()
        if first_start:
            handle, packed = sample_record(prefix)
            await services.registrar.create(node_administrators(prefix)[0], handle, packed)

    def _observer(self, face: str) -> Observer:
        """Return what a face reports to: its metrics, and the daily volume of prefixes."""
        return self.parts.daily_counts.beside(self.metrics.face(face))

    async def _serve_handle_protocol(
        self, services: NodeServices, answering: Answering, bound: HandleSockets, threads: int
    ) -> None:
        settings, protocol, interceptors = self.settings, services.protocol, self.interceptors
        limits = TcpLimits(
            connections_max=self._granted.handle,
            idle_seconds=settings.idle_timeout,
            one_answer=settings.handle_net_habits,
        )
        seen = self._observer(HANDLE_TCP), self._observer(HANDLE_UDP)
        tcp = HandleTcp(protocol.receiver, seen[0], self._clock, limits, interceptors=interceptors)
        plain = HandleUdp(
            protocol.receiver,
            seen[1],
            self._clock,
            udp_limits(settings),
            mark_truncated=settings.truncated_flag,
            interceptors=interceptors,
        )
        udp = answering.join(tcp, plain, threads, self.metrics, seen, interceptors)
        self.metrics.read_connections(HANDLE_TCP, lambda: len(tcp.connections))
        self._running.push_async_callback(protocol.dispatch.drain)
        self._running.push_async_callback(udp.stop)
        self._running.push_async_callback(tcp.stop, settings.drain_timeout)
        computed = () if self.dataset is None else (self.dataset.overlay.computes,)
        answering.begin(services.authority, services.site.site_serial, *computed)
        self._running.callback(answering.end)
        await tcp.serve(bound.tcp)
        await udp.serve(bound.udp)

    async def _serve_faces(self, services: NodeServices) -> tuple[str, int]:
        """Serve every HTTP face, and return the address."""
        runner = HttpFaceRunner(self._http_app(services), **self._runner_options())
        refused = self.metrics.face(HANDLE_JSON).malformed
        listener = await listen(
            self.settings, runner, self._clock, refused, self._running, self._granted
        )
        self.metrics.read_connections("http", lambda: _connections_of(runner))
        return listener.address

    def _http_app(self, services: NodeServices) -> web.Application:
        plain_http = self.settings.plain_credentials or is_loopback(self.settings.host)
        if not plain_http:
            _log.warning("off loopback plain HTTP carries no secrets: see --plain-credentials")
        proofs, sessions = services.protocol.proofs, services.web_sessions
        authorization = HttpAuthorization(
            services.credentials, proofs, sessions, plain_http=plain_http
        )
        offered = Services(
            resolver=services.resolver,
            registrar=services.registrar,
            permissions=services.permissions,
            authority=services.authority,
            authorization=authorization,
            protocol=services.protocol,
            clock=self._clock,
            observer=self._observer(HANDLE_JSON),
            site=services.site.site,
            count=self.register.count,
            seek=from_the_start if self.dataset is None else self.dataset.overlay.seek,
            random=self._random,
            reverse_lookup=services.reverse_lookup,
            snms=self.parts.snms,
        )
        access = access_of(self.settings, services.credentials)
        return build_app(offered, self._observer, version(), self.interceptors, access)

    def _management(self) -> web.Application:
        calls = OnboardingCalls(
            lambda: self.parts if self.health.ready else None, self.settings.prefix, self._count
        )
        app = management.build(
            self.health,
            self.metrics,
            stats=self.report,
            snapshot=self._snapshot,
            before_telling=partial(self._housekeeping.save, sync=True),
            further=[
                *calls.routes(),
                *clock_routes(self._clock, loopback=is_loopback(self.settings.host)),
                *self.observation.routes(version()),
                *state_routes(lambda: self.states, self.settings),
                *openapi.routes(version()),
            ],
        )
        return fenced(app, self.settings)

    async def _count(self, prefix: bytes) -> int:
        return await self.register.count(prefix)

    def _runner_options(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "access_log": None,
            "shutdown_timeout": settings.drain_timeout,
            "keepalive_timeout": settings.idle_timeout,
            # The longest handle fits into a path, each of its bytes percent-encoded.
            "max_line_size": 4 * HANDLE_BYTES_MAX,
        }

    def _watch_loop(self) -> None:
        probe = LagProbe(self._clock)
        probe.start(asyncio.get_running_loop())
        self._running.callback(probe.stop)
        self.metrics.read_lag(probe.seconds)

    def report(self) -> dict[str, Any]:
        """Return what ``/api/v1/stats`` tells: facts, register, lifetime volume."""
        found: dict[str, Any] = {
            "version": version(),
            "core": core(),
            "state": self.health.state.value,
            "seconds": round(self._clock.now() - self._started, 3),
            "seed": self.seed,
            "durability": self.settings.durability,
            "targets": {
                "registrations": self.settings.target_registrations,
                "resolutions": self.settings.target_resolutions,
            },
        }
        for kind, counts in self.metrics.persistent_counters().items():
            by_face: dict[str, dict[str, int]] = {}
            for (face, outcome), count in counts.items():
                by_face.setdefault(face, {})[outcome] = count
            found[kind] = by_face
        if self.health.state is not State.STARTING:
            stats = self.register.stats()
            found["register"] = {
                "identifiers": stats.identifiers,
                **stats.figures,
                "recovered": stats.opened,
            }
            found["prefixes"] = len(self.services.authority.homed)
            found["dataset"] = None if self.dataset is None else self.dataset.report()
        return found

    async def _snapshot(self, name: str) -> dict[str, Any]:
        if not self.health.ready:
            raise web.HTTPServiceUnavailable(reason=f"The node is {self.health.state.value}")
        target = self.settings.data_dir / SNAPSHOTS / name
        copy = self.register.capabilities.snapshot
        if copy is None:
            raise web.HTTPNotImplemented(reason="The register's engine takes no snapshots")
        taken = await copy(target, None)
        _log.info("snapshot %s taken: %d bytes", target, taken.bytes)
        return {"path": str(target), "files": taken.files, "bytes": taken.bytes}


def _connections_of(runner: web.AppRunner) -> int:
    return 0 if runner.server is None else len(runner.server.connections)
