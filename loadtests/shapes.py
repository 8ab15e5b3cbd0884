"""The profile's curve as Locust's shape: how many users run at which time."""

from typing import TYPE_CHECKING, Final

from locust import LoadTestShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.loadtests.load_test import LoadTest

DRAIN_SECONDS: Final = 1.0
"""How long the last requests have at least before users are stopped."""


class ProfileShape(LoadTestShape):
    """Follows the curve of the load test that is set.

    ``users`` are those of an open load, ``spawn_rate`` is how many are started a second: all at once unless
    somebody says otherwise.
    """

    load: "LoadTest | None" = None
    users = 0
    spawn_rate: float | None = None
    renew: "Callable[[], None] | None" = None

    def reset_time(self) -> None:
        """Begin: with the options as they are now, which a web page may have changed."""
        super().reset_time()
        if self.renew is not None:
            self.renew()

    def tick(self) -> tuple[int, float] | None:
        """Return the users to run and how many to start a second; None at the end."""
        load = self.load
        assert load is not None
        if load.now >= load.duration + DRAIN_SECONDS:
            return None
        if load.profile.is_open:
            return self.users, self.spawn_rate or float(self.users)
        level = load.profile.shape.level_at(min(load.now, load.duration * (1 - 1e-9)))
        users = max(round(level), 1)
        at_once = float(max(abs(users - self.get_current_user_count()), 1))
        return users, self.spawn_rate or at_once
