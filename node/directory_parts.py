"""Builds everything that stands on the directory, and starts and ends it; a part of the composition root."""

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Final

from node.clock import Clock
from node.data_directory import DIRECTORY, FILES, KEYS
from node.faces.snms.exchange import SnmsServices
from node.service.accounts import Accounts
from node.service.authority import Authority
from node.service.enterprises import Enterprises
from node.service.events import Observer
from node.service.files import Files
from node.service.foundation import ENTERPRISE_SUFFIX
from node.service.founding import found_directory, knows_password
from node.service.onboarding import Onboarding, Rules
from node.service.prefix_records import PrefixRecords
from node.service.register import Register
from node.service.resolver import Resolver
from node.service.templated import Grounds, TemplatedIdentifiers
from node.service.templates import Templates
from node.service.tokens import Tokens, load_or_make_key
from node.service.volumes import Volumes
from node.settings import DEMO_SECRET, Settings, SettingsRefused
from registry.directory.errors import DirectoryError
from registry.directory.store import Directory, sqlite_url

PUT_AWAY_SECONDS: Final = 5.0
"""Time between two savings of the daily volumes: what a killed process may forget of them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Core:
    """What the directory's services stand on beside the directory."""

    settings: Settings
    clock: Clock
    register: Register
    authority: Authority
    resolver: Resolver


class DirectoryParts:
    """Accounts, templates, onboarding, volumes and the rest, over one directory. Made by `open_directory`."""

    def __init__(self, core: Core, directory: Directory, token_key: bytes) -> None:
        settings, clock = core.settings, core.clock
        self._settings = settings
        self._clock = clock
        self.directory = directory
        self.accounts = Accounts(
            directory, Tokens(token_key), clock, days_of_grace=settings.snms_digest_days
        )
        self.templates = Templates(directory, clock)
        grounds = Grounds(
            core.register,
            core.authority,
            self.templates,
            directory.cache,
            clock,
            value_characters_max=settings.snms_value_max,
            update_replaces=settings.snms_update == "replace",
        )
        self.identifiers = TemplatedIdentifiers(grounds, core.resolver)
        prefix = settings.prefix
        self._site = b""
        records = PrefixRecords(core.register, clock, prefix.encode(), lambda: self._site)
        rules = Rules(prefix, auto_approve=settings.auto_approve)
        self.onboarding = Onboarding(directory, records, clock, rules)
        self.enterprises = Enterprises(directory)
        self.files = Files(directory, settings.data_dir / FILES, clock)
        self.volumes = Volumes(directory, core.authority, clock)

    async def settle(self, site: bytes) -> None:
        """Make what a first start finds, and heal what a crash left half-done.

        ``site`` is the node's site record, which hosted prefixes name from now on.

        Raises:
            RegistryError: The directory or the register refused.

        """
        self._site = site
        settings = self._settings
        await found_directory(
            self.directory,
            self._clock,
            prefix=settings.prefix + ENTERPRISE_SUFFIX.decode(),
            secret=settings.secret.get_secret_value(),
            keep_secret=settings.demo_secret,
        )
        healed = await self.onboarding.settle()
        if healed:
            _log.warning("%d prefix handles followed the directory only now", healed)
        await self.files.remove_strangers()

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

    async def keep_volumes(self) -> None:
        """Put the daily volumes away again and again; for a task."""
        while True:
            await asyncio.sleep(PUT_AWAY_SECONDS)
            await self.put_volumes_away()

    async def put_volumes_away(self) -> None:
        """Put the daily volumes away now, and only warn if that fails."""
        try:
            await self.volumes.put_away()
        except DirectoryError as error:
            _log.warning("the daily volumes cannot be saved: %s", error)


async def open_directory(core: Core, running: AsyncExitStack) -> DirectoryParts:
    """Open the directory of the settings; ``running`` closes it.

    Raises:
        DirectoryError: The database refused, or is newer than this software.
        OSError: The disk refused.

    """
    settings = core.settings
    url = settings.directory_url
    token_key = await asyncio.to_thread(load_or_make_key, settings.data_dir / KEYS)
    directory = await Directory.open(
        sqlite_url(settings.data_dir / DIRECTORY) if url is None else url.get_secret_value()
    )
    running.push_async_callback(directory.close)
    parts = DirectoryParts(core, directory, token_key)
    running.push_async_callback(parts.put_volumes_away)
    task = asyncio.get_running_loop().create_task(parts.keep_volumes())
    running.push_async_callback(_end, task)
    return parts


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
