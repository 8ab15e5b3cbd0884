"""The composition root: builds the node in the order of its dependencies, and takes it down in reverse.

Everything is made here by plain constructor calls; nothing else knows which class fulfils which part.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from aiohttp import web

from idnode.node import open_files
from idnode.node.addresses import Addresses
from idnode.node.answering import Answering, udp_limits
from idnode.node.binding import (
    HandleSockets,
    bind_admin,
    bind_handle,
    bind_web,
    listen,
    runner_options,
    tls_of,
)
from idnode.node.browsers import access_of
from idnode.node.build import core, version
from idnode.node.data_directory import KEYS, REGISTER, make_private
from idnode.node.data_watch import show_data_directory
from idnode.node.dataset import ServedDataset
from idnode.node.defaults import pure_python_forced
from idnode.node.demo_secrets import demo_secret_works, refuse_demo_secret
from idnode.node.directory_parts import Core, open_directory
from idnode.node.docking_parts import DockingParts
from idnode.node.exposure import is_loopback
from idnode.node.faces.handle.limits import TcpLimits
from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.faces.http.app import HttpFaceRunner, build_app
from idnode.node.faces.http.authorization import HttpAuthorization
from idnode.node.faces.http.services import Services, from_the_start
from idnode.node.first_start import key_pairs
from idnode.node.first_start.prefixes import NodeSite
from idnode.node.first_start.sample import sample_record
from idnode.node.given import GivenFixtures
from idnode.node.housekeeping import Housekeeping
from idnode.node.interceptors.chain import Interceptors
from idnode.node.interceptors.exchange import HANDLE_JSON, HANDLE_TCP, HANDLE_UDP
from idnode.node.management_parts import console_of, management_app
from idnode.node.observation import Observation
from idnode.node.ops import persistent_counters
from idnode.node.ops.health import Health, State
from idnode.node.ops.metrics import Facts, Metrics
from idnode.node.queues import Queues
from idnode.node.reporting import report_of
from idnode.node.service.events import Observer
from idnode.node.service.identifiers.authority import Authority
from idnode.node.service.identifiers.credentials import node_administrators
from idnode.node.service.offload import Offload
from idnode.node.services import NodeServices
from idnode.node.settings import Settings
from idnode.node.shared import Shared
from idnode.node.sharing import started_together
from idnode.node.site import site_record
from idnode.node.states import NodeStates, finish_return
from idnode.node.waiting import once_there
from idnode.node.wrong_certificates import WrongCertificates
from idnode.registry.engines import Opening, open_register
from idnode.registry.handle.clock import Clock, MovableClock
from idnode.registry.handle.names import PREFIX_OF_PREFIXES
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.register import Register

if TYPE_CHECKING:
    from idnode.node.faces.http.listener import HttpListener
    from idnode.node.recursion.recursion import Recursion

_log = logging.getLogger(__name__)


class Node:
    """A whole node in this process; `start` returns once it is ready, `stop` once all is on the disk."""

    addresses: Addresses
    demo_secret_works: bool
    services: NodeServices
    answering: Answering
    register: Register
    dataset: ServedDataset | None = None
    fixtures: GivenFixtures | None = None
    states: NodeStates | None = None
    recursion: "Recursion | None" = None
    docking: DockingParts

    def __init__(  # noqa: PLR0913  # keywords but for the settings
        self,
        settings: Settings,
        *,
        seed: int,
        clock: Clock | None = None,
        progress: Callable[[int, int], None] | None = None,
        shared: Shared | None = None,
        make_key: key_pairs.Make = key_pairs.make,
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
        self._shared = shared
        self._make_key = make_key
        self._started = self._clock.now()
        self._chores: list[Callable[[], None]] = []
        self._queues = Queues(settings)
        self._running = AsyncExitStack()
        self._log_failed: Callable[[], bool] = bool
        self._housekeeping: Housekeeping
        self._granted: open_files.Shares
        self._listeners: list[HttpListener]
        self._admin: tuple[str, int]

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
        show_data_directory(self.settings, self.metrics)
        self._granted = open_files.shares(self.settings, open_files.limit())
        self._admin = await self._serve_management()
        opened = await self._open_register()
        await finish_return(self.settings.data_dir, opened)
        async with started_together(opened.capabilities.shared, self.settings.data_dir / KEYS):
            await self._build_on(opened)

    async def _build_on(self, opened: Register) -> None:
        first_start = not await opened.count(PREFIX_OF_PREFIXES)
        slots = opened.capabilities.slots
        connections = self._granted.handle + self._granted.http
        self.answering = answering = Answering(slots, self._clock, self.settings, connections)
        self._housekeeping.add(answering.follow_clock)
        self.observation.journal.unseen = answering.unseen
        threads = self.settings.udp_threads if answering.native else 0
        bound = await bind_handle(self.settings, max(threads, 1))
        self._running.callback(bound.close)
        web_sockets = await bind_web(self.settings, self._running)
        site = await site_record(
            self.settings, self._clock, opened, bound, web_sockets, self._shared, self._make_key
        )
        self.register = await self._over(opened, site)
        server = decode_site(site.site).servers[site.number]
        authority = await Authority.open(self.register, server)
        offload = Offload() if self._shared is None else self._shared.offload
        recursion = self.recursion = self._begin_recursion(bound.address)
        services = NodeServices(
            *(self.settings, self.register, authority, self._clock, site, self.report),
            offload,
            recursion,
        )
        if self._shared is None:
            self._running.callback(offload.close)
        self.services = services
        self.docking = DockingParts(self.settings, self.register, self._clock, self.report)
        await self._open_directory(services)
        self.observation.know(self.register, authority, self.parts.directory)
        await self._first_start(services, first_start=first_start)
        self.fixtures = GivenFixtures(self, services, self._clock, opened)
        await self.fixtures.give_files()
        self.metrics.read_register(self.register.stats)
        self.metrics.lift_registrations(self.register.stats().identifiers)
        await self._serve_handle_protocol(services, answering, bound, threads)
        http, *further = await self._serve_faces(services, web_sockets)
        self._running.callback(answering.stop_lending)
        self._running.callback(self._queues.watch(self._clock, self.metrics))
        self.states = await NodeStates.begin(self, services, self._clock, first_start=first_start)
        self.addresses = Addresses(bound.address, bound.address, http, self._admin, *further)
        if self.settings.national_url is not None:
            self.dock(self.settings.national_url)
        if self.dataset is not None:
            self._running.callback(self.dataset.answer_natively(answering, self._shared).cancel)

    def _facts(self) -> Facts:
        wanted = self.settings
        return Facts(version(), core(), wanted.target_registrations, wanted.target_resolutions)

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
            near_seconds=settings.near_cache,
            replicas=settings.register_read.get_secret_value() if settings.register_read else "",
            stale_max=settings.register_read_stale_max,
        )
        engine = settings.register.get_secret_value()
        register = await once_there("the register", lambda: open_register(engine, opening))
        self.health.read_unwritable(lambda: register.stats().unwritable)
        self._log_failed = lambda: register.stats().failed
        self._running.push_async_callback(self._housekeeping.stop)
        self._running.push_async_callback(register.close)
        self._housekeeping.start()
        return register

    async def _over(self, register: Register, site: NodeSite) -> Register:
        """Return what faces use as the register: over a data set if there is one."""
        if self.settings.dataset is None:
            return register
        self.dataset = await ServedDataset.open(register, self.settings, site)
        self._running.push_async_callback(self.dataset.overlay.close)
        self.metrics.read_computed(self.dataset.overlay.count_computed)
        return self.dataset.overlay

    def dock(self, national: str) -> None:
        """File enterprises and prefixes at a national node from now on; ``national`` is the URL of its HTTP port."""
        self.docking.dock(national, self.services, self.parts.directory, self._running)

    def _begin_recursion(self, address: tuple[str, int]) -> "Recursion | None":
        """Return what asks others for clients, if the node does that."""
        if self.settings.recursive_root is None:
            return None
        from idnode.node.recursive import begin_recursion  # noqa: PLC0415  # and a client with it

        return begin_recursion(self.settings, self._clock, address, self.metrics, self._running)

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
        if first_start and self.settings.demo_enterprise:
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
        seen = tuple(map(self._observer, (HANDLE_TCP, HANDLE_UDP, HANDLE_JSON)))
        tcp = HandleTcp(
            *(protocol.receiver, seen[0], self._clock, limits),
            interceptors=interceptors,
            queue=self._queues.loop,
        )
        plain = HandleUdp(
            *(protocol.receiver, seen[1], self._clock, udp_limits(settings)),
            mark_truncated=settings.truncated_flag,
            interceptors=interceptors,
            queue=self._queues.datagrams,
        )
        udp = answering.join(tcp, plain, threads, self.metrics, seen, interceptors)
        self.metrics.flush_first(udp.count_lost)
        self.metrics.read_queue(HANDLE_UDP, udp.queue)
        self.metrics.read_connections(HANDLE_TCP, lambda: len(tcp.connections))
        self._running.push_async_callback(protocol.dispatch.drain)
        self._running.push_async_callback(udp.stop)
        self._running.push_async_callback(tcp.stop, settings.drain_timeout)
        computed = () if self.dataset is None else (self.dataset.overlay.computes,)
        answering.begin(services.authority, services.site.site_serial, *computed)
        self._running.callback(answering.end)
        await tcp.serve(bound.tcp)
        await udp.serve(bound.udp)

    async def _serve_faces(
        self, services: NodeServices, bound: list[socket.socket]
    ) -> list[tuple[str, int]]:
        """Serve every HTTP face, and return the addresses: the HTTP port's, and that of a second one."""
        runner = HttpFaceRunner(self._http_app(services), **runner_options(self.settings))
        refused = self.metrics.face(HANDLE_JSON).malformed
        ports = {"http_port": bound}
        if self.settings.idhub_port is not None:
            ports["idhub_port"] = await bind_web(self.settings, self._running, "idhub_port")
        self._listeners = listeners = await listen(
            *(self.settings, ports, runner, self._clock, refused, self._running),
            granted=self._granted,
            instead=WrongCertificates(self.settings.data_dir / KEYS, self.observation.injector),
        )
        self.metrics.read_connections(
            "http", lambda: len(runner.server.connections) if runner.server else 0
        )
        return [listener.address for listener in listeners]

    async def renew_certificate(self) -> None:
        """Read the certificate of HTTPS and its key anew; what was in force stays if they cannot be used.

        Raises:
            SettingsRefused: They cannot be used.
            OSError: The disk refused.

        """
        tls = await tls_of(self.settings, self._clock)
        for listener in self._listeners:
            listener.renew(tls)

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
            idhub=self.parts.objects.idhub,
            national=self.docking.national,
            referral_status=int(self.settings.referral_status),
            console=console_of(self.settings, self._admin, in_tree=self._shared is not None),
            trace=None if self.recursion is None else self.recursion.told,
            freshness=None if self.recursion is None else self.recursion.freshness,
        )
        access = access_of(self.settings, services.credentials)
        observed = self._observer, version(), self.interceptors
        return build_app(offered, *observed, access, self._queues.loop, self.answering.http)

    async def _serve_management(self) -> tuple[str, int]:
        """Serve the management app on a port of its own, or where the process serves those of all its nodes."""
        app = management_app(self, self._clock, partial(self._housekeeping.save, sync=True))
        if self._shared is not None:
            return await self._shared.manage(self.settings.name, app)
        options = runner_options(self.settings)
        return await bind_admin(self.settings, app, self._granted, self._running, options)

    def report(self) -> dict[str, Any]:
        """Return what ``/api/v1/stats`` tells: facts, register, lifetime volume."""
        return report_of(self, self._clock.now() - self._started)
