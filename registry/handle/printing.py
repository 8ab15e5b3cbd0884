"""Text from a peer, fit for a terminal: everything that is not printable is escaped."""


def printable(text: str) -> str:
    """Return text with everything that is not printable escaped, so that it stays on its line."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "replace").decode()
        for each in text
    )


def unmistakable(text: str) -> str:
    """Return text as `printable` does, a backslash doubled, so that no two texts look alike."""
    return printable(text.replace("\\", "\\\\"))


def reference_text(handle: bytes, index: int) -> str:
    """Return a value of a handle as ``301:0.NA/88.900.1``."""
    return f"{index}:{printable(handle.decode(errors='replace'))}"
