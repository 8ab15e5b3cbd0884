"""Scenes to be pictured: a page, and what is done on it first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page


def _overview(page: Page) -> None:
    page.wait_for_selector("#resolutions-spark path")
    page.wait_for_timeout(40_000)  # until there is a line to see


def _journal(page: Page) -> None:
    page.wait_for_selector("#rows tr")


def _entry(page: Page) -> None:
    page.locator("#rows tr", has_text="UDP").first.click()
    page.wait_for_selector(".bytes")
    page.locator(".tree .field", has_text="88.900.1/").first.hover()


def _record(page: Page) -> None:
    page.wait_for_selector("#record .value")
    page.wait_for_selector("#list a")


def _traced(page: Page) -> None:
    _record(page)
    page.locator("[data-trace=udp]").click()
    page.locator("img.trace").scroll_into_view_if_needed()


def _bench(page: Page) -> None:
    page.locator("[data-fault=snms-504-after-commit]").check()
    page.wait_for_selector(".fault.on")
    page.wait_for_selector("#states tr")


def _directory(page: Page) -> None:
    page.wait_for_selector("#panel tr")


def _load(page: Page) -> None:
    page.wait_for_selector("#latencies tr")
    page.wait_for_timeout(30_000)


class Scene(NamedTuple):
    """A page in a state; ``path`` is below the management port."""

    name: str
    path: str
    arrange: Callable[[Page], None]
    dark: bool = False
    phone: bool = False


SCENES: Final = (
    Scene("overview", "", _overview),
    Scene("identifiers", "identifiers?handle=88.900.1/gearbox-7", _record),
    Scene("identifiers-trace", "identifiers?handle=88.900.1/gearbox-7", _traced),
    Scene("journal", "journal", _journal),
    Scene("journal-entry", "journal", _entry),
    Scene("directory", "directory", _directory),
    Scene("bench", "bench", _bench),
    Scene("load", "load", _load),
    Scene("journal-dark", "journal", _entry, dark=True),
    Scene("overview-dark", "", _overview, dark=True),
    Scene("identifiers-phone", "identifiers?handle=88.900.1/gearbox-7", _record, phone=True),
    Scene("journal-phone", "journal", _journal, phone=True),
    Scene("bench-phone", "bench", _bench, phone=True),
)
