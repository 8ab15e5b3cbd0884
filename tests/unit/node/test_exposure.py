"""The demo secret never goes to a network."""

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
