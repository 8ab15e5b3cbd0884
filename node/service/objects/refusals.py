"""Describes what is refused to applications (idhub-api.md §2.1); each class carries the facts, a face has the texts."""

from idnode.node.service.directory.refusals import RuleBroken
from idnode.node.service.errors import AuthenticationFailed, AuthenticationNeeded


class ObjectRefused(RuleBroken):
    """Root of what is refused to an application."""


class ApplicationTokenRefused(AuthenticationNeeded):
    """A token is missing, forged, expired, or its application is gone; ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The token is {reason}")
        self.reason = reason


class AccountTokenRefused(ApplicationTokenRefused):
    """A token is an account's, which logged in on the SNMS face."""

    def __init__(self) -> None:
        super().__init__("one of an SNMS account")


class SignatureRefused(AuthenticationFailed):
    """A signature proves nobody: no challenge outstanding, or none that it signs; ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotApplication(ObjectRefused):
    """A handle is no application identity of this node: malformed, not there, or without an RSA key at 300."""

    def __init__(self, handle: str, reason: str) -> None:
        super().__init__(f"{handle} {reason}")
        self.handle = handle
        self.reason = reason


class HandleMalformed(ObjectRefused):
    """A text is no handle: it lacks a prefix or a suffix, or is too long."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"{handle} is no handle")
        self.handle = handle


class ParameterWrong(ObjectRefused):
    """A parameter is missing or has a content that makes no sense; ``wants`` says in the API's language what does."""

    def __init__(self, name: str, wants: str) -> None:
        super().__init__(f"{name}: {wants}")
        self.name = name
        self.wants = wants


class MetadataAbsent(ObjectRefused):
    """There is no metadata template of this handle."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"There is no metadata template {handle}")
        self.handle = handle


class MetadataToChangeAbsent(MetadataAbsent):
    """A metadata template that is to be edited is not there, which has a state code of its own."""


class MetadataUnpublished(ObjectRefused):
    """A metadata template is not published, so nothing is made with it."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"The metadata template {handle} is not published")
        self.handle = handle


class MetadataNotManaged(ObjectRefused):
    """A metadata template is another application's, or a copy, whose items stay as they are."""

    def __init__(self, handle: str, reason: str = "is not the application's own") -> None:
        super().__init__(f"The metadata template {handle} {reason}")
        self.handle = handle


class MetadataNotDeletable(ObjectRefused):
    """A metadata template cannot be deleted; ``reason`` is ``foreign`` or ``published``."""

    def __init__(self, handle: str, reason: str) -> None:
        super().__init__(f"The metadata template {handle} is {reason}")
        self.handle = handle
        self.reason = reason


class MetadataTaken(ObjectRefused):
    """A handle, or a code within the enterprise, belongs to another template; ``kind`` says which."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The {kind} {name} is taken")
        self.kind = kind
        self.name = name


class MetadataHidden(ObjectRefused):
    """A metadata template is neither public nor granted to whoever asks."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"The metadata template {handle} is not granted")
        self.handle = handle


class ItemNameTaken(ObjectRefused):
    """Two items of a template have the same name; ``item`` is the name."""

    def __init__(self, item: str) -> None:
        super().__init__(f"Two items are called {item}")
        self.item = item


class ItemRefused(ObjectRefused):
    """A value does not fit its item; ``wants`` says in the API's language what does."""

    def __init__(self, item: str, wants: str) -> None:
        super().__init__(f"{item}: {wants}")
        self.item = item
        self.wants = wants


class ItemUnknown(ObjectRefused):
    """The metadata template has no such item."""

    def __init__(self, item: str) -> None:
        super().__init__(f"There is no item {item}")
        self.item = item


class ItemOff(ObjectRefused):
    """The item is disabled, or not in force."""

    def __init__(self, item: str) -> None:
        super().__init__(f"The item {item} is disabled")
        self.item = item


class ObjectAbsent(ObjectRefused):
    """There is no identifier of this handle."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"There is no identifier {handle}")
        self.handle = handle


class ObjectExists(ObjectRefused):
    """There is an identifier of this handle already."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"There is an identifier {handle} already")
        self.handle = handle


class ForeignHandle(ObjectRefused):
    """A handle does not lie under the prefix of the application's enterprise."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"{handle} is not of this enterprise")
        self.handle = handle


class NotReadable(ObjectRefused):
    """Nothing of an identifier may be read by whoever asks."""


class NotEditable(ObjectRefused):
    """An identifier, or one of its items, may not be changed by whoever asks."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} may not be changed")
        self.what = what


class NotDeletable(ObjectRefused):
    """Only its creator deletes an identifier."""


class GrantRefused(ObjectRefused):
    """A grant names a kind or scope that there is not; ``wants`` says in the API's language what there is."""

    def __init__(self, wants: str) -> None:
        super().__init__(wants)
        self.wants = wants


class EditingNotPublic(ObjectRefused):
    """A right to edit cannot be given to everybody."""

    def __init__(self, item: str) -> None:
        super().__init__(f"{item}: everybody cannot be given the right to edit")
        self.item = item


class NotGrantable(ObjectRefused):
    """A grantee is no application of this enterprise, and no group."""

    def __init__(self, user: str, item: str = "") -> None:
        super().__init__(f"{user} is neither an application of this enterprise nor a group")
        self.user = user
        self.item = item


class FileNotHere(ObjectRefused):
    """A file does not exist, or not in that item of that identifier."""


class FileTooLong(ObjectRefused):
    """A file is longer than its item takes, or of another kind; ``wants`` says what it takes."""

    def __init__(self, wants: str) -> None:
        super().__init__(wants)
        self.wants = wants


class OperationUnknown(ObjectRefused):
    """No such operation."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"There is no operation {operation}")
        self.operation = operation


class OperationDeclined(ObjectRefused):
    """The operation is known by name, and nobody knows what it does."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"{operation} has no documented behaviour")
        self.operation = operation
