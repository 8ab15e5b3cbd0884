"""The demo secret never goes to a network, and management goes there with a token only.

The token is a value or a file, not both; a file that cannot be read, or holds next to nothing, is refused.
"""

import pytest

from idnode.node.exposure import check_exposure, is_loopback
from idnode.node.settings import DEMO_SECRET, Settings, SettingsRefused


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "node.example"])
def test_the_demo_secret_is_refused_off_loopback_with_what_to_set(host):
    with pytest.raises(SettingsRefused, match=r"--secret.*IDNODE_SECRET"):
        check_exposure(Settings(host=host))
    check_exposure(Settings(host=host, secret="own"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_takes_the_demo_secret(host):
    assert is_loopback(host)
    check_exposure(Settings(host=host, secret=DEMO_SECRET))


def test_management_stays_on_loopback_where_the_node_does_not():
    found = Settings(host="0.0.0.0", secret="own")
    check_exposure(found)
    assert found.admin_host == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "node.example"])
def test_management_off_loopback_needs_a_token(host, tmp_path):
    with pytest.raises(SettingsRefused, match=r"--admin-token-file.*IDNODE_ADMIN_TOKEN"):
        check_exposure(Settings(admin_host=host))
    check_exposure(Settings(admin_host=host, admin_token="long-enough"))
    (tmp_path / "token").write_text("long-enough\n")
    check_exposure(Settings(admin_host=host, admin_token_file=tmp_path / "token"))


def test_a_token_is_given_once_and_readable(tmp_path):
    (tmp_path / "short").write_text(" x \n")
    for given, said in (
        ({"admin_token": "long-enough", "admin_token_file": tmp_path / "short"}, "not both"),
        ({"admin_token_file": tmp_path / "short"}, "8 characters"),
        ({"admin_token_file": tmp_path / "none"}, "cannot be read"),
    ):
        with pytest.raises(SettingsRefused, match=said):
            check_exposure(Settings(**given))
