from collections.abc import Sequence

class Table:
    def __init__(self, entries: Sequence[bytes]) -> None: ...

class Form:
    def __init__(self, steps: Sequence[tuple[int, Table | None, int]]) -> None: ...

class NativeEnterprise:
    prefix: bytes
    @property
    def capsule(self) -> object: ...
    def __init__(
        self,
        prefix: bytes,
        numbers: Sequence[int],
        texts: Sequence[bytes],
        columns: Sequence[tuple[bytes, bytes, int, bool]],
        value_key: bytes,
        size_bounds: Sequence[int],
        plans: Sequence[tuple[Form, Sequence[bytes], bytes]],
    ) -> None: ...
    def position(self, suffix: bytes) -> int: ...
    def values(self, position: int) -> bytes: ...
