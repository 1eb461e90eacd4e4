"""The header fields of a message, and the trailer fields, as an immutable value."""

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from typing import Self, overload

__all__ = ["Headers"]


class Headers:
    """Header fields in the order of the wire: an immutable sequence of (name, value).

    Names compare without regard to case (RFC 9110 §5.1). Values are text, a character for each
    octet of the wire (latin-1, RFC 9110 §5.5). ``in`` asks for a name: ``"Range" in headers``; so
    this is no ``collections.abc.Sequence``, where it would ask for a pair.
    """

    __slots__ = ("_fields", "_repeated", "_values")

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        # A list or a tuple, as a rule; to ask whether it is a mapping takes longer than all else.
        if not isinstance(fields, (list, tuple)) and isinstance(fields, Mapping):
            fields = fields.items()
        self._fields = tuple(fields)
        # By names in lower case, made when first asked for: all values, and those of several lines.
        self._values: dict[str, str] | None = None
        self._repeated: dict[str, list[str]] = {}

    def _by_name(self) -> dict[str, str]:
        if self._values is None:
            values: dict[str, str] = {}
            repeated = self._repeated
            for name, value in self._fields:
                key = name.lower()
                if key in values:
                    repeated.setdefault(key, [values[key]]).append(value)
                else:
                    values[key] = value
            for key, lines in repeated.items():
                values[key] = ", ".join(lines)
            self._values = values
        return self._values

    @property
    def names(self) -> KeysView[str]:
        """The names that are there, in lower case."""
        return self._by_name().keys()

    def get(self, name: str) -> str | None:
        """Return the value of ``name``, several field lines joined by ", " (RFC 9110 §5.3)."""
        return self._by_name().get(name.lower())

    def get_all(self, name: str) -> list[str]:
        """Return the value of each field line of that name, for Set-Cookie and its like."""
        key = name.lower()
        value = self._by_name().get(key)
        if value is None:
            return []
        return list(self._repeated.get(key) or (value,))

    def with_header(self, name: str, value: str) -> Self:
        """Return a copy in which ``name`` has this one value, in place of those it had."""
        replaced = name.lower()
        kept = (item for item in self._fields if item[0].lower() != replaced)
        return type(self)((*kept, (name, value)))

    def with_added(self, name: str, value: str) -> Self:
        """Return a copy with one more field line, beside those that ``name`` has: Set-Cookie."""
        return type(self)((*self._fields, (name, value)))

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[str, str]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, str] | Sequence[tuple[str, str]]:
        return self._fields[index]

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        """Whether a field of this name is there."""
        return name.lower() in self._by_name()

    def __eq__(self, other: object) -> bool:
        return self._fields == other._fields if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)!r})"
