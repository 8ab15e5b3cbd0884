from registry.native.core import SegmentView, SlotTable

class Run:
    slot: int
    start: int
    end: int
    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def checksum(self) -> int: ...

def build(segments: SegmentView, slot: int, start: int, end: int, /) -> Run: ...
def adopt(slot: int, start: int, end: int, offsets: bytes | memoryview, /) -> Run: ...
def page(
    table: SlotTable,
    runs: list[Run],
    opening: bytes,
    after: bytes,
    limit: int,
    looks: int,
    /,
) -> tuple[list[int], bytes | None]: ...
