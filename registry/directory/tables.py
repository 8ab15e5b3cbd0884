"""The tables of the directory, as classes.

Points in time are epoch seconds. Names that people type are kept as typed; a prefix has digits and dots
only, so it needs no folding. Sources: snms-api.md §§4, 5, 8 and secondary-node-functions.md §2.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that is called INTEGER."""


class Base(DeclarativeBase):
    """Root of the tables."""


class Account(Base):
    """Somebody who can log in.

    ``inner`` is the SHA-256 of the password in lower-case hexadecimal digits: all that checking a plain or a
    digested password takes, and all that a thief of it needs to log in (snms-api.md §4, A2).
    """

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    inner: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    email: Mapped[str] = mapped_column(String(255), unique=True)
    mobile: Mapped[str] = mapped_column(String(255), unique=True)
    open_id: Mapped[str] = mapped_column(String(64), default="")
    open_username: Mapped[str] = mapped_column(String(255), default="")
    remarks: Mapped[str] = mapped_column(String, default="")
    created: Mapped[int] = mapped_column(BigInteger)


class Enterprise(Base):
    """An enterprise; ``form`` is its application as it was sent, in three objects (snms-api.md §8, E1)."""

    __tablename__ = "enterprises"
    __table_args__ = (UniqueConstraint("certificate_type", "certificate_code"),)

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), unique=True)
    name: Mapped[str] = mapped_column(String(255), index=True)
    certificate_type: Mapped[str] = mapped_column(String(1))
    certificate_code: Mapped[str] = mapped_column(String(32))
    form: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[int] = mapped_column(BigInteger, index=True)
    updated: Mapped[int] = mapped_column(BigInteger)

    account: Mapped[Account] = relationship()
    prefixes: Mapped[list["Prefix"]] = relationship(
        back_populates="enterprise", order_by="Prefix.id"
    )


class Prefix(Base):
    """A prefix that an enterprise has, or wants.

    ``status`` and ``proxy_state`` are those of `registry/directory/states.py`. ``server`` is the enterprise's
    own resolution server, where it named one. ``settled`` is false from a change here until the register has
    followed it, so that a crash between the two is noticed.
    """

    __tablename__ = "prefixes"

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), index=True)
    status: Mapped[int] = mapped_column(Integer, index=True)
    proxy_state: Mapped[int] = mapped_column(Integer, index=True)
    reason: Mapped[str] = mapped_column(String(255), default="")
    server: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    settled: Mapped[bool] = mapped_column(default=False)
    created: Mapped[int] = mapped_column(BigInteger, index=True)
    updated: Mapped[int] = mapped_column(BigInteger)

    enterprise: Mapped[Enterprise] = relationship(back_populates="prefixes")


class StoredFile(Base):
    """An uploaded file: a licence, a contract; linked to one enterprise at most."""

    __tablename__ = "files"

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    path: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprises.id"), index=True)
    media_type: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[int] = mapped_column(BigInteger)


class Template(Base):
    """Names which attributes the identifiers have that are registered with it (snms-api.md §5).

    ``details`` is what a metadata template has besides (idhub-api.md §5); one made over SNMS has none.
    """

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("prefix_id", "version"),)

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    prefix_id: Mapped[int] = mapped_column(ForeignKey("prefixes.id"))
    version: Mapped[str] = mapped_column(String(128))
    kind: Mapped[int] = mapped_column(Integer)
    description: Mapped[str] = mapped_column(String, default="")
    industry_category: Mapped[str] = mapped_column(String(8))
    industry_specific: Mapped[str] = mapped_column(String(8))
    industry_trade: Mapped[str] = mapped_column(String(8))
    industry_subclass: Mapped[str] = mapped_column(String(8))
    created: Mapped[int] = mapped_column(BigInteger)
    updated: Mapped[int] = mapped_column(BigInteger)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)

    prefix: Mapped[Prefix] = relationship()
    items: Mapped[list["TemplateItem"]] = relationship(
        back_populates="template", cascade="all, delete-orphan", order_by="TemplateItem.id_index"
    )


class TemplateItem(Base):
    """One attribute of a template; lengths are in characters, both ends included."""

    __tablename__ = "template_items"
    __table_args__ = (
        UniqueConstraint("template_id", "id_index"),
        UniqueConstraint("template_id", "id_type"),
        UniqueConstraint("template_id", "name"),
    )

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    id_type: Mapped[str] = mapped_column(String(128))
    id_index: Mapped[int] = mapped_column(BigInteger)
    required: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    min_length: Mapped[int] = mapped_column(BigInteger)
    max_length: Mapped[int] = mapped_column(BigInteger)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)

    template: Mapped[Template] = relationship(back_populates="items")


class DayVolume(Base):
    """Identifiers of a prefix registered and resolved on one day (days since 1970 in China's time)."""

    __tablename__ = "day_volumes"

    prefix: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True, index=True, autoincrement=False)
    registrations: Mapped[int] = mapped_column(BigInteger, default=0)
    resolutions: Mapped[int] = mapped_column(BigInteger, default=0)


class Instance(Base):
    """An identifier of a metadata template, for listing them; ``key`` is the handle, folded.

    What it holds, and who may read it, lies in the register. A row whose record is gone means nothing.
    """

    __tablename__ = "instances"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    handle: Mapped[str] = mapped_column(String(255))
    metadata_handle: Mapped[str] = mapped_column(String(255), index=True)
    creator: Mapped[str] = mapped_column(String(255))
    created: Mapped[int] = mapped_column(BigInteger)
    updated: Mapped[int] = mapped_column(BigInteger)


class UniqueValue(Base):
    """A value that no other identifier of its template may have; ``digest`` is the SHA-256 of it."""

    __tablename__ = "unique_values"

    metadata_handle: Mapped[str] = mapped_column(String(255), primary_key=True)
    item_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), index=True)


class Message(Base):
    """A notice to an application or a group: it was granted something, or that was taken back."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    recipient: Mapped[str] = mapped_column(String(255), index=True)
    title_type: Mapped[int] = mapped_column(Integer)
    type: Mapped[int] = mapped_column(Integer)
    detail: Mapped[str] = mapped_column(String)
    created: Mapped[int] = mapped_column(BigInteger)


class ObjectFile(Base):
    """A file that is, or is to be, the value of an item of a metadata template."""

    __tablename__ = "object_files"

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    path: Mapped[str] = mapped_column(String(64), unique=True)
    metadata_handle: Mapped[str] = mapped_column(String(255))
    field: Mapped[str] = mapped_column(String(128))
    creator: Mapped[str] = mapped_column(String(255))
    bytes: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[int] = mapped_column(BigInteger)


class ChangeCount(Base):
    """One row that counts changes of what nodes keep in memory, and that every transaction of a shared database locks."""

    __tablename__ = "change_count"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
