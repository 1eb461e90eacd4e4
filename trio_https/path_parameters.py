"""What a router found in place of the names in its pattern: text, and the types it may be read as.

Which paths fit which pattern is not known here; what a type is, ``rules.route_pattern`` knows, and
that is loaded with the first router.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

from .errors import HTTPError

__all__ = ["NO_PARAMETERS", "PathParameters"]


class PathParameters(Mapping[str, str]):
    """Texts by the names that a pattern has for them: an immutable mapping."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"PathParameters({self._values!r})"

    def int(self, name: str) -> int:
        """Return the number that ``name`` stands for.

        Always one for ``{name:int}``; for another type it raises ``HTTPError`` 404 where the text
        is no number: there is no such resource. Raises ``KeyError`` for a name that is not there.
        """
        from .rules.route_pattern import is_int

        text = self._values[name]
        if not is_int(text):
            raise HTTPError(404)
        return int(text)

    def uuid(self, name: str) -> UUID:
        """Return the UUID that ``name`` stands for. Raises what ``int`` raises."""
        from .rules.route_pattern import is_uuid

        text = self._values[name]
        if not is_uuid(text):
            raise HTTPError(404)
        return UUID(text)


NO_PARAMETERS = PathParameters()
