"""Points in time as this face writes them: ``yyyy-MM-dd HH:mm:ss`` in China's time."""

from datetime import UTC, datetime

from idnode.node.faces.snms.texts import wrong
from idnode.node.service.directory.accounts import CHINA

_FORM = "%Y-%m-%d %H:%M:%S"


def shown_time(seconds: int) -> str:
    """Return epoch seconds as text."""
    return (datetime.fromtimestamp(seconds, UTC) + CHINA).strftime(_FORM)


def read_time(text: str, name: str) -> int | None:
    """Return a text as epoch seconds, None when it is empty.

    Raises:
        ParameterRefused: It is no such text; ``name`` is the parameter's.

    """
    if not text:
        return None
    try:
        moment = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
        return int((moment - CHINA).timestamp())
    except (ValueError, OverflowError) as error:
        raise wrong(name, text, "yyyy-MM-dd HH:mm:ss") from error
