"""Describes what the management port's directory calls take and give, as models; OpenAPI is made from them."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Row = TypeVar("Row")


class Model(BaseModel):
    """Root of the models; a member that nobody knows is an error here, where people type."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class NewEnterprise(Model):
    """An enterprise to be onboarded; without a prefix it gets the next free one."""

    name: Annotated[str, Field(strict=True, min_length=1, max_length=255)]
    username: Annotated[str, Field(strict=True, min_length=1, max_length=50)]
    password: Annotated[str, Field(strict=True, min_length=1, max_length=64)]
    prefix: Annotated[str, Field(strict=True, max_length=64)] = ""
    email: Annotated[str, Field(strict=True, max_length=255)] = ""
    mobile: Annotated[str, Field(strict=True, max_length=255)] = ""
    hosted: bool = True


class RandomEnterprise(Model):
    """An enterprise of one's own, everything of which is drawn: for a test that wants to be alone."""

    random: Literal[True]


class OnboardedEnterprise(Model):
    """A random enterprise: ``secret`` is that of ``identity``, ``password`` that of the SNMS account."""

    prefix: str
    identity: str
    secret: str
    username: str
    password: str


class Decision(Model):
    """Tells why an application is decided as it is."""

    reason: Annotated[str, Field(strict=True, max_length=255)] = ""


class Failure(Model):
    """Tells why a call was refused."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    message: str


class Page(Model, Generic[Row]):
    """A page of rows, and how many rows there are in all; pages count from 1."""

    items: list[Row]
    page: int
    size: int
    total: int


class Enterprise(Model):
    """An enterprise; times are epoch seconds."""

    id: int
    general_id: str
    name: str
    username: str
    prefixes: list[str]
    created: int
    updated: int


class EnterpriseWithApplication(Enterprise):
    """An enterprise with its application as SNMS has it."""

    application: dict[str, object]


class Prefix(Model):
    """A prefix; ``status`` and ``proxy_state`` as in SNMS, with their names."""

    prefix: str
    enterprise: str
    status: int
    status_name: str
    proxy_state: int
    proxy_state_name: str
    reason: str
    server: dict[str, str] | None
    identifiers: int
    created: int
    updated: int


class Template(Model):
    """A template in a list."""

    id: int
    prefix: str
    version: str
    description: str
    items: int
    created: int
    updated: int


class Account(Model):
    """An account of the SNMS face; ``created`` is epoch seconds."""

    id: int
    username: str
    role: str
    email: str
    mobile: str
    created: int


class Volume(Model):
    """Identifiers of a prefix registered and resolved on a day (``yyyy-MM-dd`` in China)."""

    prefix: str
    day: str
    registrations: int
    resolutions: int


class DailyVolumes(Model):
    """DailyVolumes, newest day first."""

    items: list[Volume]


class Total(Model):
    """Identifiers of a prefix over some days together."""

    prefix: str
    registrations: int
    resolutions: int


class TopPrefixes(Model):
    """Prefixes, the one with most registrations and resolutions first."""

    items: list[Total]
