"""The token of the management port: where it is, and when there has to be one."""

from idnode.node.defaults import SettingsRefused
from idnode.node.settings import Settings, flag_of, variable_of

_CHARACTERS_MIN = 8


def token_of(settings: Settings) -> str | None:
    """Return the token that the management port asks for, None if it asks for none.

    Raises:
        SettingsRefused: It is given twice, or its file cannot be read or holds none.

    """
    value, path = settings.admin_token, settings.admin_token_file
    if value is not None and path is not None:
        raise SettingsRefused("admin_token and admin_token_file: one of them, not both")
    if path is None:
        return None if value is None else value.get_secret_value()
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"admin_token_file {path} cannot be read: {error}") from error
    if len(token) < _CHARACTERS_MIN:
        raise SettingsRefused(f"admin_token_file {path}: a token has {_CHARACTERS_MIN} characters")
    return token


def missing(settings: Settings) -> SettingsRefused:
    """Return the refusal of a management port off loopback that would ask for nothing."""
    return SettingsRefused(
        f"refusing to bind the management port to {settings.admin_host} without a token: set "
        f"{flag_of('admin_token_file')}, {variable_of('admin_token_file')} or "
        f"{variable_of('admin_token')}, or bind it to 127.0.0.1 (admin_host)"
    )
