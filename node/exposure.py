"""Decides what a node may offer beyond this machine."""

import ipaddress

from idnode.node.defaults import SettingsRefused
from idnode.node.management_token import missing, token_of
from idnode.node.settings import Settings, variable_of


def check_exposure(settings: Settings) -> None:
    """Refuse to offer the well-known credentials, or management without a token, to a network.

    Raises:
        SettingsRefused: A host is not loopback, and the secret is the demo's or there is no token.

    """
    if settings.demo_secret and not is_loopback(settings.host):
        raise SettingsRefused(
            f"refusing to bind to {settings.host} with the demo secret that everybody knows: "
            f"set your own with --secret, {variable_of('secret')} or `secret` in the TOML file, "
            "or bind to 127.0.0.1"
        )
    if token_of(settings) is None and not is_loopback(settings.admin_host):
        raise missing(settings)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
