"""Clients that are wrong in one way each, and the rule that each of them breaks."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """A wrong turn of the reference client: its word, the APIs that it is tried on, the rule that it breaks.

    ``also`` are rules that it may break by that, depending on what comes when.
    """

    wrong: str
    faces: tuple[str, ...]
    rule: str
    also: frozenset[str] = frozenset()

    @property
    def id(self):
        return f"{self.faces[0]}-{self.wrong}"


UDP = ("handle_udp",)
TCP = ("handle_tcp",)
JSON = ("handle_json",)
BULK = ("bulk",)
SNMS = ("snms",)
IDHUB = ("idhub",)

MUTANTS = (
    Mutant("broken-length", UDP, "HDL-FORM"),
    Mutant("version-3", UDP, "HDL-VERSION"),
    Mutant("expired", UDP, "HDL-EXPIRATION"),
    Mutant("first-value-only", UDP, "HDL-VALUES"),
    Mutant("first-value-only", TCP, "HDL-VALUES"),
    Mutant("ignores-filter", UDP, "HDL-FILTER"),
    Mutant("not-found-is-empty", UDP, "HDL-NOT-FOUND"),
    Mutant("not-found-is-empty", TCP, "HDL-NOT-FOUND"),
    Mutant("values-not-found-is-not-found", UDP, "HDL-VALUES-NOT-FOUND"),
    # The second copy of an answer, if it comes late, is to such a client the answer to its next question.
    Mutant("any-request-id", UDP, "HDL-REQUEST-ID", frozenset({"HDL-STRAY"})),
    Mutant("any-request-id", TCP, "HDL-REQUEST-ID"),
    Mutant("one-id-per-handle", UDP, "HDL-FRESH-ID"),
    Mutant("no-resend", UDP, "HDL-RESEND"),
    Mutant("fresh-id-on-resend", UDP, "HDL-SAME-ID"),
    Mutant("endless-resend", UDP, "HDL-RESEND-BOUND"),
    Mutant("one-datagram", UDP, "HDL-PARTS"),
    Mutant("arrival-order", UDP, "HDL-PARTS"),
    Mutant("takes-what-came", UDP, "HDL-PART-LOST"),
    Mutant("stray-is-error", UDP, "HDL-STRAY"),
    Mutant("no-tcp", UDP, "HDL-TRUNCATED"),
    Mutant("no-busy-retry", UDP, "HDL-BUSY"),
    Mutant("no-busy-retry", TCP, "HDL-BUSY"),
    Mutant("endless-busy", UDP, "HDL-BUSY-BOUND"),
    Mutant("unknown-is-ok", UDP, "HDL-UNKNOWN-CODE"),
    Mutant("unknown-is-ok", TCP, "HDL-UNKNOWN-CODE"),
    Mutant("no-referral", UDP, "HDL-REFERRAL"),
    Mutant("no-referral", TCP, "HDL-REFERRAL"),
    Mutant("endless-referral", UDP, "HDL-REFERRAL-BOUND"),
    Mutant("exact-version", UDP, "HDL-ANSWER-VERSION"),
    Mutant("exact-version", TCP, "HDL-ANSWER-VERSION"),
    Mutant("latin-1", UDP, "HDL-UNICODE"),
    Mutant("swallow-damage", UDP, "HDL-DAMAGED"),
    Mutant("authentication-is-not-found", UDP, "HDL-AUTH-TOLD"),
    Mutant("one-read", TCP, "HDL-FRAMES"),
    Mutant("small-buffer", TCP, "HDL-BIG"),
    Mutant("first-message-only", TCP, "HDL-CONTINUED"),
    Mutant("one-connection", TCP, "HDL-CLOSED-AFTER"),
    Mutant("no-second-try", TCP, "HDL-CLOSED-BEFORE"),
    Mutant("administers-over-udp", TCP, "HDL-UDP-ADMIN"),
    Mutant("no-proof", TCP, "HDL-CHALLENGE"),
    Mutant("session-zero", TCP, "HDL-CHALLENGE-SESSION"),
    Mutant("signs-anything", TCP, "HDL-CHALLENGE-DIGEST"),
    Mutant("sm2-user-of-others", TCP, "HDL-SM2"),
    Mutant("always-overwrites", TCP, "HDL-EXISTS"),
    Mutant("writes-always-ok", TCP, "HDL-REFUSED"),
    Mutant("renames", TCP, "HDL-WRITE-ONCE"),
    Mutant("impatient", TCP, "HDL-PATIENCE"),
    Mutant("replaces-all", TCP, "HDL-MODIFY"),
    Mutant("removes-all", TCP, "HDL-REMOVE"),
    Mutant("says-done", TCP, "HDL-DONE"),
    Mutant("session-without-mac", TCP, "HDL-SESSION"),
    Mutant("any-session", TCP, "HDL-SESSION-ID"),
    Mutant("plain-basic", JSON, "JSON-BASIC"),
    Mutant("encodes-twice", JSON, "JSON-PATH"),
    Mutant("first-value-only", JSON, "JSON-VALUES"),
    Mutant("ignores-filter", JSON, "JSON-FILTER"),
    Mutant("latin-1", JSON, "JSON-UNICODE"),
    Mutant("not-found-is-empty", JSON, "JSON-NOT-FOUND"),
    Mutant("values-not-found-is-not-found", JSON, "JSON-VALUES-NOT-FOUND"),
    Mutant("unknown-is-ok", JSON, "JSON-UNKNOWN-CODE"),
    Mutant("html-is-empty", JSON, "JSON-NOT-JSON"),
    Mutant("cut-is-whole", JSON, "JSON-CUT"),
    Mutant("hasty", JSON, "JSON-SLOW"),
    Mutant("small-buffer", JSON, "JSON-BIG"),
    Mutant("no-retry", JSON, "JSON-RETRY"),
    Mutant("no-wait", JSON, "JSON-RETRY-AFTER"),
    Mutant("endless-retry", JSON, "JSON-RETRY-BOUND"),
    Mutant("endless-401", JSON, "JSON-AUTH-BOUND"),
    Mutant("overwrites", JSON, "JSON-EXISTS"),
    Mutant("writes-always-ok", JSON, "JSON-REFUSED"),
    Mutant("no-admin", JSON, "JSON-ADMIN"),
    Mutant("replaces-all", JSON, "JSON-MODIFY"),
    Mutant("removes-all", JSON, "JSON-REMOVE"),
    Mutant("says-done", JSON, "JSON-DONE"),
    Mutant("renames", JSON, "JSON-WRITE-ONCE"),
    Mutant("gateway-timeout-is-ok", JSON, "JSON-UNSURE"),
    Mutant("items-all-ok", BULK, "BULK-ITEMS"),
    Mutant("plain-password", SNMS, "SNMS-DIGEST"),
    Mutant("utc-date", SNMS, "SNMS-DIGEST-DATE"),
    Mutant("no-second-digest", SNMS, "SNMS-DIGEST-AGAIN"),
    Mutant("login-each", SNMS, "SNMS-TOKEN-KEPT"),
    Mutant("no-renewal", SNMS, "SNMS-TOKEN-RENEWED"),
    Mutant("endless-login", SNMS, "SNMS-LOGIN-BOUND"),
    Mutant("status-ignored", SNMS, "SNMS-STATUS"),
    Mutant("not-found-is-empty", SNMS, "SNMS-NOT-FOUND"),
    Mutant("first-value-only", SNMS, "SNMS-VALUES"),
    Mutant("mojibake", SNMS, "SNMS-UNICODE"),
    Mutant("wrong-member", SNMS, "SNMS-MEMBERS"),
    Mutant("renames", SNMS, "SNMS-WRITE-ONCE"),
    Mutant("gateway-timeout-is-ok", SNMS, "SNMS-UNSURE"),
    Mutant("no-busy-retry", SNMS, "SNMS-BUSY"),
    Mutant("endless-busy", SNMS, "SNMS-BUSY-BOUND"),
    Mutant("html-is-empty", SNMS, "SNMS-NOT-JSON"),
    Mutant("items-all-ok", SNMS, "SNMS-ITEMS"),
    Mutant("items-uncounted", SNMS, "SNMS-ITEMS-COUNTED"),
    Mutant("says-done", SNMS, "SNMS-DONE"),
    Mutant("signs-quotes", IDHUB, "IDHUB-PROOF"),
    Mutant("login-each", IDHUB, "IDHUB-TOKEN-KEPT"),
    Mutant("no-renewal", IDHUB, "IDHUB-TOKEN-RENEWED"),
    Mutant("code-ignored", IDHUB, "IDHUB-CODE"),
    Mutant("one-success", IDHUB, "IDHUB-SUCCESS"),
    Mutant("first-value-only", IDHUB, "IDHUB-VALUES"),
    Mutant("mojibake", IDHUB, "IDHUB-UNICODE"),
    Mutant("updates-whole", IDHUB, "IDHUB-PARTLY"),
    Mutant("items-all-ok", IDHUB, "IDHUB-ITEMS"),
    Mutant("renames", IDHUB, "IDHUB-WRITE-ONCE"),
    Mutant("html-is-empty", IDHUB, "IDHUB-NOT-JSON"),
    Mutant("wrong-member", IDHUB, "IDHUB-MEMBERS"),
)
