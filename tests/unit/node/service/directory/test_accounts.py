"""Passwords and their digests: both lines that the source publishes, and the days around today."""

import pytest

from idnode.node.service.directory.accounts import days_around, digest_of, inner_of

NOON_UTC = 1_565_870_400.0
"""2019-08-15 12:00 UTC, 20:00 in China."""


@pytest.mark.parametrize(
    ("password", "digest"),
    [
        ("123456", "58e2c92c46485fdbc35fdcd0814d6c0f000cad5aa156848ca5edaf29406b7661"),
        ("12345", "796080a0c15144727ff9064db967f95d94a357e4fda1e48b21e05095cd29e787"),
    ],
)
def test_the_published_digests_are_reproduced(password, digest):
    assert digest_of(inner_of(password), "2019-08-15") == digest


def test_the_day_is_that_of_china():
    assert days_around(NOON_UTC) == ["2019-08-14", "2019-08-15", "2019-08-16"]
    assert days_around(NOON_UTC + 4 * 3600 - 1, 0) == ["2019-08-15"]
    assert days_around(NOON_UTC + 4 * 3600, 0) == ["2019-08-16"]
