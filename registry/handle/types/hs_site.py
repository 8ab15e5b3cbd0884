"""The site record: data of HS_SITE values, body of get-site-info (handle-protocol.md §3.4)."""

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.names import fold
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import EncodingError

_ADDRESS_BYTES: Final = 16
_ATTRIBUTE_BYTES_MIN: Final = 8
_SERVER_BYTES_MIN: Final = 4 + _ADDRESS_BYTES + 4 + 4
_INTERFACE_BYTES: Final = 6
_IPV4_PADDING: Final = bytes(12)

PRIMARY: Final = 0x80
MULTI_PRIMARY: Final = 0x40
HASH_BY_PREFIX: Final = 0
HASH_BY_SUFFIX: Final = 1
HASH_BY_WHOLE: Final = 2


@dataclass(frozen=True, slots=True)
class Interface:
    """A port where a server listens; the fields take `InterfaceType` and `Transport` numbers."""

    type: int = InterfaceType.BOTH
    transport: int = Transport.TCP
    port: int = 2641


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a site; 16 bytes of address, the key in the form of `idnode.registry.handle.types.hs_pubkey`."""

    server_id: int
    address: bytes
    public_key: bytes = b""
    interfaces: tuple[Interface, ...] = ()

    @property
    def host(self) -> str:
        """The address as text, IPv4 when only the last four bytes are set."""
        if self.address.startswith(_IPV4_PADDING) and self.address != bytes(15) + b"\x01":
            return str(ipaddress.IPv4Address(self.address[12:]))
        return str(ipaddress.IPv6Address(self.address))


@dataclass(frozen=True, slots=True)
class Site:
    """A group of servers that hold the same handles.

    ``primary_mask`` combines PRIMARY and MULTI_PRIMARY; ``hash_option`` tells by which part of
    the handle a server is chosen (HASH_BY_…).
    """

    serial: int
    servers: tuple[Server, ...]
    attributes: tuple[tuple[bytes, bytes], ...] = ()
    primary_mask: int = PRIMARY
    hash_option: int = HASH_BY_WHOLE
    hash_filter: bytes = b""
    protocol_major: int = 2
    protocol_minor: int = 11
    data_format_version: int = 1

    @property
    def primary(self) -> bool:
        """Return whether administration may be sent here."""
        return bool(self.primary_mask & PRIMARY)


def pack_address(host: str) -> bytes:
    """Return the 16 bytes of a textual IP address; IPv4 is right-aligned.

    Raises:
        EncodingError: The text is no IP address.

    """
    try:
        packed = ipaddress.ip_address(host).packed
    except ValueError as error:
        raise EncodingError(str(error)) from error
    return packed.rjust(_ADDRESS_BYTES, b"\0")


def server_number(handle: bytes, hash_option: int, servers: int) -> int:
    """Return which of a site's servers (counted from 0) holds this handle (handle-protocol.md §9).

    The part that ``hash_option`` (HASH_BY_…) names is folded and hashed; an unknown option
    means the whole.
    """
    prefix, _, suffix = handle.partition(b"/")
    part = {HASH_BY_PREFIX: prefix, HASH_BY_SUFFIX: suffix}.get(hash_option, handle)
    digest = hashlib.md5(fold(part), usedforsecurity=False).digest()
    return abs(int.from_bytes(digest[-4:], "big", signed=True)) % servers


def encode_site(site: Site) -> bytes:
    """Return the record's bytes.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    writer = (
        Writer()
        .u2(site.data_format_version)
        .u1(site.protocol_major)
        .u1(site.protocol_minor)
        .u2(site.serial)
        .u1(site.primary_mask)
        .u1(site.hash_option)
        .string(site.hash_filter)
        .u4(len(site.attributes))
    )
    for name, value in site.attributes:
        writer.string(name).string(value)
    writer.u4(len(site.servers))
    for server in site.servers:
        _write_server(writer, server)
    return writer.done()


def _write_server(writer: Writer, server: Server) -> None:
    if len(server.address) != _ADDRESS_BYTES:
        raise EncodingError("A server's address has 16 bytes")
    writer.i4(server.server_id).raw(server.address).string(server.public_key)
    writer.u4(len(server.interfaces))
    for interface in server.interfaces:
        writer.u1(interface.type).u1(interface.transport).i4(interface.port)


def decode_site(data: bytes) -> Site:
    """Return the record in these bytes; bytes behind it are ignored.

    Raises:
        FieldTooShort: A field reaches past the end.
        CountTooLarge: A count is larger than what could follow it.

    """
    reader = Reader(data)
    data_format_version = reader.u2()
    major, minor = reader.u1(), reader.u1()
    serial = reader.u2()
    primary_mask, hash_option = reader.u1(), reader.u1()
    hash_filter = reader.string()
    attributes = tuple(
        [(reader.string(), reader.string()) for _ in range(reader.count(_ATTRIBUTE_BYTES_MIN))]
    )
    servers = tuple([_read_server(reader) for _ in range(reader.count(_SERVER_BYTES_MIN))])
    return Site(
        serial=serial,
        servers=servers,
        attributes=attributes,
        primary_mask=primary_mask,
        hash_option=hash_option,
        hash_filter=hash_filter,
        protocol_major=major,
        protocol_minor=minor,
        data_format_version=data_format_version,
    )


def _read_server(reader: Reader) -> Server:
    server_id = reader.i4()
    address = reader.take(_ADDRESS_BYTES)
    public_key = reader.string()
    interfaces = tuple(
        [
            Interface(reader.u1(), reader.u1(), reader.i4())
            for _ in range(reader.count(_INTERFACE_BYTES))
        ]
    )
    return Server(server_id, address, public_key, interfaces)
