from collections.abc import Iterable

from idnode.node.faces.handle.native.responder import Answers

class PlainGets(Answers):
    def admit(self, names: Iterable[bytes] | None) -> None: ...
    def answer_gets(self, data: bytes, now: int, waited: float = 0.0) -> tuple[bytes, int]: ...
