"""The composition root: builds the node in the order of its dependencies, and takes it down in reverse.

Everything is made here by plain constructor calls; nothing else knows which class fulfils which part.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Any, Final

from aiohttp import web

from idnode.node.addresses import WILDCARDS, Addresses
from idnode.node.answering import Answering, udp_limits
from idnode.node.binding import bind_handle_faces, bind_http
from idnode.node.build import core, register_core, version
from idnode.node.data_directory import KEYS, REGISTER, SNAPSHOTS
from idnode.node.dataset import ServedDataset
from idnode.node.directory_parts import Core, open_directory
from idnode.node.faces.handle.limits import TcpLimits
from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.faces.handle.udp_native import HandleUdpNative
from idnode.node.faces.http.app import JSON_FACE, SNMS_FACE, HttpFaceRunner, HttpParts, build_app
from idnode.node.first_start import prefixes
from idnode.node.housekeeping import Housekeeping
from idnode.node.ops import management, openapi, persistent_counters
from idnode.node.ops.health import Health, State
from idnode.node.ops.lag import LagProbe
from idnode.node.ops.metrics import Facts, Metrics
from idnode.node.ops.onboarding import OnboardingCalls
from idnode.node.service.errors import AuthenticationFailed
from idnode.node.service.events import Observer
from idnode.node.service.handle.handle_protocol import HandleProtocol, HandleServices
from idnode.node.service.handle.response import Responses
from idnode.node.service.identifiers.authority import Authority
from idnode.node.service.identifiers.credentials import Credentials, Identity
from idnode.node.service.identifiers.permissions import Permissions
from idnode.node.service.identifiers.registrar import Registrar
from idnode.node.service.identifiers.resolver import Resolver
from idnode.node.service.offload import Offload
from idnode.node.settings import DEMO_SECRET, Settings, SettingsRefused, is_loopback
from idnode.node.web import listen
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.handle import values
from idnode.registry.handle.clock import Clock, SystemClock
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.names import prefix_handle
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.overlay.register import OverlayRegister

HELLO: Final = (
    HandleValue(1, "URL", b"https://example.org/hello"),
    HandleValue(2, "DESC", "你好，工业互联网".encode()),
)
"""The record of the sample identifier that exists after the first start."""

_log = logging.getLogger(__name__)


class Node:
    """A whole node in this process; `start` returns once it is ready, `stop` once all is on the disk."""

    addresses: Addresses
    demo_secret_works: bool
    register: EmbeddedRegister | OverlayRegister
    dataset: ServedDataset | None = None

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
        self._clock = clock or SystemClock()
        self._random = Random(seed)  # noqa: S311  # repeatable on purpose; secrets come from `secrets`
        self._progress = progress
        self._started = self._clock.now()
        self._chores: list[Callable[[], None]] = []
        self._running = AsyncExitStack()

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
        if self.dataset is not None:
            self._running.callback(self.dataset.answer_natively(self._answering).cancel)

    async def stop(self) -> None:
        """Become not ready, answer what is under way, put everything on the disk."""
        self.health.state = State.DRAINING
        await self._running.aclose()

    async def _build(self) -> None:
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.metrics = Metrics(self._facts(), persistent_counters.load(self.settings.data_dir))
        self.metrics.read_ready(lambda: self.health.ready)
        self.metrics.read_disk(self.settings.data_dir)
        admin = await self._serve_http(
            "admin_port", web.AppRunner(self._management(), **self._runner_options())
        )
        await self._open_register()
        self._build_service()
        await self._open_directory()
        tcp, udp = await self._serve_handle_protocol()
        await self._prepare_first_start(tcp.address, udp.address)
        self.metrics.lift_registrations(self.register.stats().identifiers)
        runner = HttpFaceRunner(self._http_app(), **self._runner_options())
        refused = self.metrics.face(JSON_FACE).malformed
        listener = await listen(self.settings, runner, self._clock, refused, self._running)
        self.metrics.read_connections("http", lambda: _connections_of(runner))
        self._watch_loop()
        self.addresses = Addresses(tcp.address, udp.address, listener.address, admin)

    def _facts(self) -> Facts:
        settings = self.settings
        return Facts(version(), core(), settings.target_registrations, settings.target_resolutions)

    async def _open_register(self) -> None:
        settings = self.settings
        options = RegisterOptions(
            durability=Durability(settings.durability),
            interval_seconds=settings.durability_interval,
            segment_bytes=settings.segment_bytes,
            commit_observer=self.metrics.committed,
            core=register_core(),
        )
        folder = settings.data_dir / REGISTER
        register = await EmbeddedRegister.open(folder, options, self._progress)
        self.register = register
        udp, marked = udp_limits(settings), settings.truncated_flag
        self._answering = Answering(register.slots, self._clock, udp, mark_truncated=marked)
        housekeeping = Housekeeping(settings.data_dir, self.metrics)
        for chore in self._chores:
            housekeeping.add(chore)
        self._running.push_async_callback(housekeeping.stop)
        self._running.push_async_callback(register.close)
        if settings.dataset is not None:
            self.dataset = ServedDataset(register, settings)
            self.register = self.dataset.overlay
            self._running.push_async_callback(self.register.close)
            self.metrics.read_computed(self.dataset.overlay.count_computed)
        housekeeping.start()
        self.metrics.read_register(self.register.stats)
        recovered = self.register.stats().recovered
        if recovered.cut_bytes:
            _log.warning(
                "a torn tail of %d bytes was cut off the log (%s)",
                recovered.cut_bytes,
                recovered.cut_reason,
            )
        _log.info(
            "%d identifiers, %s in %.2f s",
            self.register.stats().identifiers,
            "index loaded" if recovered.from_image else f"{recovered.records} log records read",
            recovered.seconds,
        )

    def _build_service(self) -> None:
        register = self.register
        admins = prefixes.node_administrators(self.settings.prefix.encode())
        self.authority = Authority(register)
        self.resolver = Resolver(register, self.authority)
        self.credentials = Credentials(register)
        self.permissions = Permissions(register, admins)
        self.registrar = Registrar(register, self.authority, self.permissions, self._clock)
        self._responses = Responses()
        self._responses.lost_request_ids = self.settings.handle_net_habits
        self.offload = Offload()
        self._running.callback(self.offload.close)
        self.protocol = HandleProtocol(
            HandleServices(
                register,
                self.authority,
                self.permissions,
                self.credentials,
                self.registrar,
                self.resolver,
                self._responses,
                self._clock,
                self.offload,
                self.report,
            )
        )

    async def _open_directory(self) -> None:
        under = Core(
            self.settings,
            self._clock,
            self.register,
            self.authority,
            self.permissions,
            self.resolver,
        )
        self.parts = await open_directory(under, self._running)

    def _observer(self, face: str) -> Observer:
        """Return what a face reports to: its metrics, and the daily volume of prefixes."""
        return self.parts.daily_counts.beside(self.metrics.face(face))

    async def _serve_handle_protocol(self) -> tuple[HandleTcp, HandleUdp | HandleUdpNative]:
        settings = self.settings
        receiver = self.protocol.receiver
        limits = TcpLimits(
            connections_max=settings.connections_max,
            idle_seconds=settings.idle_timeout,
            one_answer=settings.handle_net_habits,
        )
        seen = self._observer("handle_tcp"), self._observer("handle_udp")
        tcp = HandleTcp(receiver, seen[0], self._clock, limits)
        bounds, marked = udp_limits(settings), settings.truncated_flag
        plain = HandleUdp(receiver, seen[1], self._clock, bounds, mark_truncated=marked)
        udp = self._answering.join(tcp, plain, settings.udp_threads, self.metrics, seen)
        await bind_handle_faces(settings, tcp, udp)
        self.metrics.read_connections("handle_tcp", lambda: len(tcp.connections))
        self._running.push_async_callback(self.protocol.dispatch.drain)
        self._running.push_async_callback(udp.stop)
        self._running.push_async_callback(tcp.stop, settings.drain_timeout)
        return tcp, udp

    async def _prepare_first_start(self, tcp: tuple[str, int], udp: tuple[str, int]) -> None:
        settings = self.settings
        first_start = not self.register.stats().identifiers
        told = str(settings.site_address or WILDCARDS.get(tcp[0], tcp[0]))
        if settings.site_address is None and tcp[0] in WILDCARDS:
            _log.warning("clients are told that this node is at %s: set --site-address", told)
        prefix = settings.prefix.encode()
        laid = await prefixes.prepare_prefixes(
            self.register,
            self.authority,
            self._clock,
            keys=settings.data_dir / KEYS,
            prefix=prefix,
            secret=settings.secret.get_secret_value().encode(),
            addresses=prefixes.Addresses(told, tcp[1], udp[1]),
            keep_secret=settings.demo_secret,
        )
        self._site = self.protocol.queries.site = laid.site
        self._responses.site_serial = laid.site_serial
        self._responses.signing_key = laid.signing_key
        self.authority.place(decode_site(laid.site).servers[0])
        if self.dataset is not None:
            self.dataset.publish(laid)
        computed = () if self.dataset is None else (self.dataset.overlay.computes,)
        self._answering.begin(self.authority, laid.site_serial, *computed)
        self._running.callback(self._answering.end)
        enterprise = prefix + prefixes.ENTERPRISE_SUFFIX
        await self.parts.prepare(laid.site)
        self.demo_secret_works = self._demo_secret_works(prefix)
        exposed = not is_loopback(settings.host)
        if exposed and (self.demo_secret_works or self._demo_secret_works(enterprise)):
            raise SettingsRefused(
                f"refusing to bind to {settings.host}: the demo secret still works for a "
                f"prefix in {settings.data_dir}; change it over loopback first"
            )
        if exposed:
            self.parts.refuse_demo_password()
        if first_start:
            await self.registrar.create(
                prefixes.node_administrators(prefix)[0],
                enterprise + b"/hello",
                values.pack((*HELLO, prefixes.administrators_of(enterprise))),
            )

    def _demo_secret_works(self, prefix: bytes) -> bool:
        identity = Identity(prefix_handle(prefix), prefixes.SECRET_KEY_INDEX)
        try:
            self.credentials.verify_secret(identity, DEMO_SECRET.encode())
        except AuthenticationFailed:
            return False
        return True

    def _http_app(self) -> web.Application:
        plain_http = self.settings.plain_credentials or is_loopback(self.settings.host)
        if not plain_http:
            _log.warning(
                "secrets over plain HTTP are ignored off loopback: see --plain-credentials"
            )
        return build_app(
            HttpParts(
                resolver=self.resolver,
                registrar=self.registrar,
                credentials=self.credentials,
                permissions=self.permissions,
                authority=self.authority,
                homing=self.protocol.homing,
                proofs=self.protocol.proofs,
                receiver=self.protocol.receiver,
                clock=self._clock,
                observer=self._observer,
                site=lambda: self._site,
                count=self.register.count,
                seek=None if self.dataset is None else self.dataset.overlay.seek,
                plain_http=plain_http,
                snms=self.parts.snms(self._observer(SNMS_FACE)),
                version=version(),
                random=self._random,
            )
        )

    def _management(self) -> web.Application:
        calls = OnboardingCalls(
            lambda: self.parts if self.health.ready else None, self.settings.prefix, self._count
        )
        return management.build(
            self.health,
            self.metrics,
            stats=self.report,
            snapshot=self._snapshot,
            further=[*calls.routes(), *openapi.routes(version())],
        )

    def _count(self, prefix: bytes) -> int:
        return self.register.count(prefix)

    def _runner_options(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "access_log": None,
            "shutdown_timeout": settings.drain_timeout,
            "keepalive_timeout": settings.idle_timeout,
        }

    async def _serve_http(self, setting: str, runner: web.AppRunner) -> tuple[str, int]:
        await runner.setup()
        self._running.push_async_callback(runner.cleanup)
        return await bind_http(self.settings, setting, runner)

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
            found["register"] = stats._asdict() | {"recovered": stats.recovered._asdict()}
            found["prefixes"] = len(self.authority.homed)
            found["dataset"] = None if self.dataset is None else self.dataset.report()
        return found

    async def _snapshot(self, name: str) -> dict[str, Any]:
        if not self.health.ready:
            raise web.HTTPServiceUnavailable(reason=f"The node is {self.health.state.value}")
        target = self.settings.data_dir / SNAPSHOTS / name
        taken = await self.register.snapshot(target)
        _log.info("snapshot %s taken: %d bytes", target, taken.bytes)
        return {"path": str(target), "files": taken.files, "bytes": taken.bytes}


def _connections_of(runner: web.AppRunner) -> int:
    return 0 if runner.server is None else len(runner.server.connections)
