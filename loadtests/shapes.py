"""The profile's curve as Locust's shape: how many users run at which time."""

from typing import TYPE_CHECKING, Final

from locust import LoadTestShape

if TYPE_CHECKING:
    from idnode.loadtests.load_test import LoadTest

DRAIN_SECONDS: Final = 1.0
"""How long the last requests have at least before users are stopped."""


class ProfileShape(LoadTestShape):
    """Follows the curve of the load test that is set."""

    load: "LoadTest | None" = None

    def tick(self) -> tuple[int, float] | None:
        """Return the users to run and how many to start a second; None at the end."""
        load = self.load
        assert load is not None
        if load.now >= load.duration + DRAIN_SECONDS:
            return None
        profile = load.profile
        if profile.is_open:
            users = sum(profile.users_of(face) for face in profile.users)
            return users, float(users)
        level = profile.shape.level_at(min(load.now, load.duration * (1 - 1e-9)))
        users = max(round(level), 1)
        return users, float(max(abs(users - self.get_current_user_count()), 1))
