"""Describes what the directory's rules refuse: who may not, what is not there, what is taken, what does not fit.

The text of an error is for people who read English; the SNMS face has the texts that its clients match on
(`node/faces/snms/texts.py`), made from the facts that these classes carry.
"""

from idnode.node.service.errors import (
    AuthenticationFailed,
    AuthenticationNeeded,
    InvalidAdministrator,
    ServiceError,
)


class TokenRefused(AuthenticationNeeded):
    """A token is missing, forged, expired, or of an account that is gone.

    ``reason`` is ``none``, ``garbage``, ``application`` (a token of the IDHub face), ``expired`` or ``gone``; peers are
    not told.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class LoginRefused(AuthenticationFailed):
    """No such account, or another password.

    ``reason`` is ``account``, ``password``, ``date`` (then ``date`` is the digest's, ``today`` the node's),
    ``undated``, ``plain`` or ``digested``. It is for whoever runs the node; the peer is told nothing of it.
    """

    def __init__(self, reason: str, *, date: str = "", today: str = "") -> None:
        super().__init__("No such account, or another password")
        self.reason = reason
        self.date = date
        self.today = today


class NotPermitted(InvalidAdministrator):
    """The account is known and may not do this, or not there."""


class RuleBroken(ServiceError):
    """Root of what a rule of the directory forbids."""


class Absent(RuleBroken):
    """Something that a request names is not there; ``kind`` is one of a few fixed words.

    ``field`` is the member that named it, by its whole path on the wire, if one did.
    """

    def __init__(self, kind: str, name: object, field: str = "") -> None:
        super().__init__(f"There is no {kind} {name}")
        self.kind = kind
        self.name = name
        self.field = field


class Taken(RuleBroken):
    """A name that has to be unique is taken; ``kind`` is one of a few fixed words, ``field`` as in `Absent`."""

    def __init__(self, kind: str, name: object, field: str = "") -> None:
        super().__init__(f"The {kind} {name} is taken")
        self.kind = kind
        self.name = name
        self.field = field


class TemplateElsewhere(RuleBroken):
    """A metadata template is not for this API; ``reason`` is ``typed`` (it has more than characters) or ``unpublished``."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The template {name} is {reason}")
        self.name = name
        self.reason = reason


class PrefixNotReady(RuleBroken):
    """A prefix is not in the state that a request needs; ``needs`` is ``enabled`` or ``hosted``.

    ``server`` is the address of the enterprise's own server if that answers for it.
    """

    def __init__(self, prefix: str, needs: str, server: str = "") -> None:
        super().__init__(f"The prefix {prefix} is not {needs}")
        self.prefix = prefix
        self.needs = needs
        self.server = server


class PrefixElsewhere(RuleBroken):
    """A wanted prefix does not lie directly below this node's."""

    def __init__(self, prefix: str, node: str) -> None:
        super().__init__(f"{prefix} is no enterprise prefix below {node}")
        self.prefix = prefix
        self.node = node


class FieldRefused(RuleBroken):
    """A field has a content that no rule allows; ``field`` is its name on the wire.

    ``came`` is what came, if one value did; ``wants`` says in the API's language what is allowed.
    """

    def __init__(self, field: str, came: object = None, wants: str = "") -> None:
        super().__init__(f"{field} is not valid")
        self.field = field
        self.came = came
        self.wants = wants


class FileRefused(RuleBroken):
    """A file is of a kind that is not taken, or too long; ``bytes_max`` is the bound, 0 for the former."""

    def __init__(self, bytes_max: int = 0) -> None:
        super().__init__(
            f"The file is longer than {bytes_max} bytes"
            if bytes_max
            else "The file is neither a JPEG, PNG or BMP image nor a PDF"
        )
        self.bytes_max = bytes_max


class TooManyItems(RuleBroken):
    """A batch has more items than one call takes."""

    def __init__(self, items_max: int) -> None:
        super().__init__(f"A call takes at most {items_max} items")
        self.items_max = items_max


class ItemConflict(RuleBroken):
    """An edited template item names an index that belongs to another type."""

    def __init__(self, index: int) -> None:
        super().__init__(f"Index {index} belongs to another type")
        self.index = index


class ValueRefused(RuleBroken):
    """Root of what a template forbids of one value; ``index`` is the value's."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


class IndexReserved(ValueRefused):
    """The index is one that the node fills itself."""

    def __init__(self, index: int) -> None:
        super().__init__(index, f"Index {index} is reserved")


class IndexNotInTemplate(ValueRefused):
    """The template has no item with this index."""

    def __init__(self, index: int) -> None:
        super().__init__(index, f"Index {index} is not in the template")


class IndexRepeated(ValueRefused):
    """Two values, or two items of a template, have this index."""

    def __init__(self, index: int) -> None:
        super().__init__(index, f"Index {index} occurs twice")


class TypeDiffers(ValueRefused):
    """The item at this index has another type."""

    def __init__(self, index: int, expected: str) -> None:
        super().__init__(index, f"The type at index {index} is {expected}")
        self.expected = expected


class ItemDisabled(ValueRefused):
    """The item at this index was disabled."""

    def __init__(self, index: int) -> None:
        super().__init__(index, f"The item at index {index} is disabled")


class LengthOutOfRange(ValueRefused):
    """A value is shorter or longer than its item allows, in characters."""

    def __init__(self, index: int, least: int, most: int) -> None:
        super().__init__(index, f"The value at index {index} has not {least} to {most} characters")
        self.least = least
        self.most = most


class RequiredMissing(ValueRefused):
    """A required item has no value."""

    def __init__(self, index: int, id_type: str) -> None:
        super().__init__(index, f"The required value {id_type} at index {index} is missing")
        self.id_type = id_type
