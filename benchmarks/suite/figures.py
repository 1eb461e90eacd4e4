"""What was measured: for each load and server the figures of all rounds, and what they come to."""

import statistics
from dataclasses import dataclass, field

__all__ = ["Figures", "Summary"]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The middle of some figures, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Summary":
        """Return that of one figure or more."""
        return cls(median=statistics.median(values), low=min(values), high=max(values))


@dataclass(kw_only=True)
class Figures:
    """Figures as they come in, round by round."""

    measured: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    left_out: dict[str, dict[str, str]] = field(default_factory=dict)
    """For a load, the servers that it could not be measured with, and why."""

    def add(self, load: str, peer: str, figure: float) -> None:
        """Add what a round has brought."""
        self.measured.setdefault(load, {}).setdefault(peer, []).append(figure)

    def leave_out(self, load: str, peer: str, reason: str) -> None:
        """Take the server out of this load, with what it had measured."""
        self.left_out.setdefault(load, {})[peer] = reason
        self.measured.get(load, {}).pop(peer, None)

    def summaries(self, load: str) -> dict[str, Summary]:
        """Return those of the servers that were measured."""
        return {peer: Summary.of(values) for peer, values in self.measured.get(load, {}).items()}

    def median(self, load: str, peer: str) -> float:
        """Return the median. Raises ``KeyError`` where there is none."""
        return statistics.median(self.measured[load][peer])
