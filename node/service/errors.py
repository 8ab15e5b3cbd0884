"""Describes what the node may refuse, whatever the face.

Leaves are named for what happened and carry facts, never codes: `node/service/answers.py` is the one table
that turns a class into a response code and an HTTP status. The text of an error is what the peer is told.
"""


class ServiceError(Exception):
    """Root of everything that the service refuses on purpose."""


class NotResponsible(ServiceError):
    """The handle's prefix is not one of this node's (response code 301)."""

    def __init__(self, message: str = "That prefix doesn't live here") -> None:
        super().__init__(message)


class PrefixReferral(ServiceError):
    """A prefix below one of ours is not here; its parent's values say where to ask (code 303).

    ``handle`` is the referral handle, empty when ``values`` (a packed list) are the referral themselves
    (handle-protocol.md §5).
    """

    def __init__(self, values: bytes, handle: bytes = b"") -> None:
        super().__init__()
        self.values = values
        self.handle = handle


class OperationNotSupported(ServiceError):
    """The operation is unknown, or known and not offered by this node (code 5)."""


class ReservedOperation(ServiceError):
    """Operation code 0, which nobody may send (code 4)."""


class AnswerReceived(ServiceError):
    """A message that should be a request carries a response code (code 2, and silence over UDP)."""


class ServiceReferral(ServiceError):
    """A prefix of ours is answered for by another service, which ``values`` name (code 302)."""

    def __init__(self, values: bytes) -> None:
        super().__init__()
        self.values = values


class SessionUnknown(ServiceError):
    """A message names a session that does not exist, or does not any more (code 500)."""


class SessionKeyInvalid(ServiceError):
    """A message's code was not made with its session's key, or it does not decrypt with it (code 502)."""


class SessionMessageRejected(ServiceError):
    """A message's counter was used already in its session, or lies too far back (code 505)."""


class SessionSetupInvalid(ServiceError):
    """A session as the client proposes it cannot be had (code 504)."""


class SessionFailed(ServiceError):
    """A session cannot be set up: the key that the client names is not there (code 501)."""


class RsaKeyNeeded(ServiceError):
    """A session of this kind takes an RSA key, and there is none (code 503)."""


class InvalidCredential(ServiceError):
    """A message within a proven session carries no code, or none that can be read (code 404)."""


class ChallengeUnknown(ServiceError):
    """An answer to a challenge that does not exist, was answered already or is too old (code 405)."""


class RecursionTooDeep(ServiceError):
    """The request went through more servers than the protocol allows (code 6)."""


class AdministrationRefused(ServiceError):
    """An administrative request came through an interface that takes only queries (code 4)."""

    def __init__(self, message: str = "Received admin request on non-admin interface") -> None:
        super().__init__(message)


class AnswerTooLarge(ServiceError):
    """The answer would be larger than deployed clients can read (code 2)."""


class SiteUnknown(ServiceError):
    """The node does not know its own addresses yet: it is still starting (code 3)."""


class NobodyAnswers(ServiceError):
    """The nodes of the tree that would know a handle cannot be asked, and nothing is remembered of it (code 2)."""


class EppUnreadable(ServiceError):
    """A message of a secondary node is no EPP that is known here (EPP result 2001)."""


class PeerGone(ServiceError):
    """Whoever asked is not there any more (code 2, which nobody gets)."""


class NodeBusy(ServiceError):
    """A bound on unanswered requests is reached; try again later (code 3)."""


class BatchTooLarge(ServiceError):
    """A batch has more items than one submission takes."""


class AuthenticationNeeded(ServiceError):
    """The operation needs to know who asks (code 402)."""


class AuthenticationFailed(ServiceError):
    """The identity was not proven: unknown, no key of that kind, or a wrong secret (code 403)."""


class InvalidAdministrator(ServiceError):
    """The identity is proven, or claimed, and no administrator with the needed right (code 400)."""


class InsufficientPermission(ServiceError):
    """The administrator is one, but a value's own permissions forbid the change (code 401)."""
