"""Builds everything that stands on the directory, and starts and ends it; a part of the composition root."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from idnode.node.data_directory import DIRECTORY, FILES, KEYS
from idnode.node.defaults import DEMO_SECRET, SettingsRefused
from idnode.node.faces.snms.exchange import SnmsServices
from idnode.node.first_start.accounts import knows_password, prepare_directory
from idnode.node.first_start.prefixes import ENTERPRISE_SUFFIX
from idnode.node.imports import imports_kept
from idnode.node.object_parts import ObjectParts
from idnode.node.service.directory.accounts import Accounts
from idnode.node.service.directory.daily_counts import DailyCounts
from idnode.node.service.directory.enterprises import Enterprises
from idnode.node.service.directory.files import Files
from idnode.node.service.directory.onboarding import Onboarding, Rules
from idnode.node.service.directory.prefix_records import PrefixRecords
from idnode.node.service.directory.templated import TemplatedIdentifiers, TemplateServices
from idnode.node.service.directory.templates import Templates
from idnode.node.service.directory.tokens import Tokens, load_or_make_key, make_key
from idnode.node.service.events import Observer
from idnode.node.services import NodeServices
from idnode.node.settings import Settings
from idnode.node.waiting import once_there
from idnode.registry.directory.errors import DirectoryError
from idnode.registry.directory.plain import is_shared
from idnode.registry.directory.store import Directory, sqlite_url
from idnode.registry.handle.clock import Clock
from idnode.registry.register import Register

FOLLOW_SECONDS: Final = 1.0
"""Time between two looks at what other nodes changed in the directory."""

SAVE_SECONDS: Final = 5.0
"""Time between two savings of the daily volumes: what a killed process may forget of them."""

LOAD_SECONDS: Final = 10.0
"""Time from the start until SQLAlchemy is loaded, unless somebody needs it before; a stop waits for what is under way."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Core:
    """Holds what the directory's services stand on beside the directory.

    ``flush`` has what native code counted told to the observers.
    """

    settings: Settings
    clock: Clock
    register: Register
    services: NodeServices
    flush: Callable[[], None]


class DirectoryParts:
    """Accounts, templates, onboarding, volumes and the rest, over one directory. Made by `open_directory`."""

    def __init__(self, core: Core, directory: Directory, token_key: bytes) -> None:
        settings, clock, stands_on = core.settings, core.clock, core.services
        self._settings = settings
        self._clock = clock
        self.directory = directory
        self._tokens = Tokens(token_key)
        self.accounts = Accounts(
            directory, self._tokens, clock, days_of_grace=settings.snms_digest_days
        )
        self.templates = Templates(directory, clock)
        services = TemplateServices(
            core.register,
            stands_on.authority,
            self.templates,
            directory.cache,
            clock,
            stands_on.permissions,
            value_characters_max=settings.snms_value_max,
            update_replaces=settings.snms_update == "replace",
        )
        self.identifiers = TemplatedIdentifiers(services, stands_on.resolver)
        self.objects = ObjectParts(
            settings, clock, core.register, stands_on, directory, self._tokens
        )
        prefix = settings.prefix
        records = PrefixRecords(core.register, clock, prefix.encode(), stands_on.site.site)
        rules = Rules(prefix, auto_approve=settings.auto_approve)
        self.onboarding = Onboarding(directory, records, clock, rules)
        self.enterprises = Enterprises(directory)
        self.files = Files(directory, settings.data_dir / FILES, clock)
        self.daily_counts = DailyCounts(directory, stands_on.authority, clock, core.flush)

    async def prepare(self) -> None:
        """Make what a first start finds, and heal what a crash left half-done.

        Raises:
            RegistryError: The directory or the register refused.

        """
        settings = self._settings
        await prepare_directory(
            self.directory,
            self._clock,
            prefix=settings.prefix + ENTERPRISE_SUFFIX.decode()
            if settings.demo_enterprise
            else None,
            secret=settings.secret.get_secret_value(),
            keep_secret=settings.demo_secret,
        )
        healed = await self.onboarding.publish()
        if healed:
            _log.warning("%d prefix handles followed the directory only now", healed)
        await self.files.remove_strangers()

    async def load_soon(self) -> None:
        """Load what the directory's first change needs, before anybody waits for it; for a task.

        Not at once: whoever waited for the start asks now, and a node for one test may be gone before.
        """
        await asyncio.sleep(LOAD_SECONDS)
        with imports_kept():
            await self.directory.load()

    def refuse_demo_password(self) -> None:
        """Refuse a node that offers the password that everybody knows to a network.

        Raises:
            SettingsRefused: One of the accounts that a node makes has it.

        """
        if knows_password(self.directory, DEMO_SECRET):
            settings = self._settings
            raise SettingsRefused(
                f"refusing to bind to {settings.host}: the demo password still works for an "
                f"account in {settings.data_dir}; start once on loopback with a secret of your own"
            )

    def snms(self, observer: Observer) -> SnmsServices:
        """Return what the SNMS face stands on."""
        return SnmsServices(
            accounts=self.accounts,
            templates=self.templates,
            identifiers=self.identifiers,
            onboarding=self.onboarding,
            enterprises=self.enterprises,
            files=self.files,
            clock=self._clock,
            observer=observer,
            public_resolve=self._settings.snms_public_resolve,
            strict_types=self._settings.snms_strict_types,
        )

    async def void_tokens(self) -> None:
        """Have no token be good any more, also after a crash.

        Raises:
            OSError: The fresh key cannot be written.

        """
        self._tokens.renew(await asyncio.to_thread(make_key, self._settings.data_dir / KEYS))

    async def keep_daily_counts(self) -> None:
        """Put the daily volumes away again and again; for a task."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await self.save_daily_counts()

    async def save_daily_counts(self) -> None:
        """Put the daily volumes away now, and only warn if that fails."""
        try:
            await self.daily_counts.save()
        except DirectoryError as error:
            _log.warning("the daily volumes cannot be saved: %s", error)


async def open_directory(core: Core, running: AsyncExitStack) -> DirectoryParts:
    """Open the directory of the settings; ``running`` closes it.

    Raises:
        DirectoryError: The database refused, or is newer than this software.
        OSError: The disk refused.

    """
    settings = core.settings
    shared = core.register.capabilities.shared
    url = settings.directory_url
    if url is None and shared is not None:
        url = SecretStr(shared.directory_url)
    token_key = await asyncio.to_thread(load_or_make_key, settings.data_dir / KEYS)
    directory = await _opened(
        sqlite_url(settings.data_dir / DIRECTORY) if url is None else url.get_secret_value()
    )
    running.push_async_callback(directory.close)
    parts = DirectoryParts(core, directory, token_key)
    running.push_async_callback(parts.save_daily_counts)
    chores = [parts.keep_daily_counts(), parts.load_soon()]
    if directory.shared:
        chores.append(_follow(directory))
    for chore in chores:
        running.push_async_callback(_end, asyncio.get_running_loop().create_task(chore))
    return parts


async def _opened(url: str) -> Directory:
    """Open a directory; one on another machine may be away for a while."""
    if not is_shared(url):
        return await Directory.open(url)
    return await once_there("the directory", lambda: Directory.open(url))


async def _follow(directory: Directory) -> None:
    """Have the directory follow other nodes again and again; for a task."""
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        with suppress(DirectoryError):  # the next look finds the same changes
            await directory.follow()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
