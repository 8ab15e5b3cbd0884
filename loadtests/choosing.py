"""Chooses which classes of users run, and how many users each has: the profile's, or those of somebody's own locustfile.

Users of the node have a face, and the profile gives each face its part of the load. A locustfile may extend
them, and the extending class then takes the place of the extended one; other users of Locust run beside them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idnode.loadtests.users import USERS, NodeUser

if TYPE_CHECKING:
    from locust import User

    from idnode.loadtests.profile import Face, Profile


@dataclass(frozen=True, slots=True)
class Declared:
    """Holds what a class says of itself, before a profile divides the load."""

    weight: float
    fixed_count: int

    @property
    def count(self) -> int:
        """Users of a class without a face in an open load."""
        return self.fixed_count or max(round(self.weight), 1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The classes that run: those of the node's users, and others."""

    nodes: tuple[type[NodeUser], ...]
    others: "tuple[type[User], ...]"

    @property
    def classes(self) -> "list[type[User]]":
        """All of them."""
        return [*self.nodes, *self.others]

    @property
    def faces(self) -> "list[Face]":
        """The faces that are asked, each once."""
        return list(dict.fromkeys(user.face for user in self.nodes))

    @property
    def count(self) -> int:
        """Users of an open load, once it is divided."""
        return sum(user.fixed_count for user in self.classes)


def declared(classes: "Iterable[type[User]]") -> "dict[type[User], Declared]":
    """Return what classes say of themselves."""
    return {user: Declared(user.weight, user.fixed_count) for user in classes}


def choose(
    classes: "Iterable[type[User]]",
    profile: "Profile",
    *,
    named: bool = False,
    faces: "Collection[Face]" = (),
) -> Chosen:
    """Return which of the classes of a locustfile run.

    All of them do if somebody has named them. Else those that a locustfile brings, and of the classes that
    come with this package those whose face the profile asks, unless another class extends them. ``faces``
    leaves out all others.

    Raises:
        ValueError: No user of the node is left.

    """
    found = list(classes)
    nodes: Sequence[type[NodeUser]] = [each for each in found if issubclass(each, NodeUser)]
    if not named:
        wanted = {*faces} or {*profile.users}
        nodes = [each for each in nodes if not _is_extended(each, nodes)]
        nodes = [each for each in nodes if each is not USERS[each.face] or each.face in wanted]
    nodes = [each for each in nodes if not faces or each.face in faces]
    if not nodes:
        raise ValueError(f"no class of users is left for {', '.join(faces) or profile.name}")
    return Chosen(tuple(nodes), tuple(each for each in found if not issubclass(each, NodeUser)))


def _is_extended(user: type[NodeUser], among: Sequence[type[NodeUser]]) -> bool:
    return any(issubclass(other, user) for other in among if other is not user)


def divide(chosen: Chosen, profile: "Profile", said: "Mapping[type[User], Declared]") -> None:
    """Give each class of users its weight, and in an open load its fixed number of users."""
    for face in chosen.faces:
        classes = [user for user in chosen.nodes if user.face is face]
        whole = sum(said[user].weight for user in classes)
        for user in classes:
            part = said[user].weight / whole
            user.weight = profile.users[face] * part
            users = max(round(profile.users_of(face) * part), 1)
            user.fixed_count = users if profile.is_open else 0
    for other in chosen.others:
        other.weight = said[other].weight
        other.fixed_count = said[other].count if profile.is_open else said[other].fixed_count
