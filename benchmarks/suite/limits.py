"""What is to be reached: each limit, computed from the medians of the same run."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from .figures import Figures
from .own_peers import CEILING, OURS, TRIO_WEBSOCKET

__all__ = ["LIMITS", "Limit", "Verdict", "judge"]

Outcome = Literal["reached", "not reached", "not measured"]


class Limit(NamedTuple):
    """A limit on our own figure under a load."""

    load: str
    text: str
    bound: Callable[[Figures], float]


class Verdict(NamedTuple):
    """What became of a limit."""

    limit: Limit
    outcome: Outcome
    bound: float | None = None
    ours: float | None = None


def times(factor: float, load: str, peer: str = OURS, *, plus: float = 0.0) -> Callable[..., float]:
    """Return the bound that is so many times a median."""

    def bound(figures: Figures) -> float:
        return factor * figures.median(load, peer) + plus

    return bound


def always(value: float) -> Callable[[Figures], float]:
    """Return the bound that is the same on each machine."""

    def bound(_figures: Figures) -> float:
        return value

    return bound


def range_by_size(figures: Figures) -> float:
    """Return 1.1 times what 64 KiB would cost, between our pages of 1 KiB and of 100."""
    small, middle = figures.median("small", OURS), figures.median("middle", OURS)
    return 1.1 * (small + (middle - small) * (64 - 1) / (100 - 1))


LIMITS = (
    Limit("small", "1.25 x ceiling", times(1.25, "small", CEILING)),
    Limit("small", "0.6 x granian", times(0.6, "small", "granian")),
    Limit("small", "0.15 x hypercorn", times(0.15, "small", "hypercorn")),
    Limit("thousand", "1.15 x our 1 KiB page", times(1.15, "small")),
    Limit("middle", "1.3 x nginx + 100 µs", times(1.3, "middle", "nginx", plus=100.0)),
    Limit("big", "1.1 x nginx", times(1.1, "big", "nginx")),
    Limit("unread", "2 MiB", always(2.0)),
    Limit("known", "1.1 x our 1 KiB page", times(1.1, "small")),
    Limit("range", "1.1 x our pages, by size", range_by_size),
    Limit("new", "1.15 x ceiling", times(1.15, "new", CEILING)),
    Limit("resumed", "0.8 x our full handshake", times(0.8, "new")),
    Limit("idle", "1.3 x ceiling", times(1.3, "idle", CEILING)),
    Limit("held", "all are held", always(float("inf"))),
    Limit("many", "1.2 x our 10 connections", times(1.2, "few")),
    Limit("echo", "1.1 x trio-websocket", times(1.1, "echo", TRIO_WEBSOCKET)),
    Limit("big-echo", "1.1 x trio-websocket", times(1.1, "big-echo", TRIO_WEBSOCKET)),
    Limit("help", "150 ms", always(150.0)),
    Limit("import", "120 ms", always(120.0)),
    Limit("ready", "0.4 s", always(0.4)),
    Limit("log", "1.15 x without a log", times(1.15, "small")),
)


def judge(figures: Figures, limits: tuple[Limit, ...] = LIMITS) -> list[Verdict]:
    """Return what became of each limit."""
    return [_judge(figures, limit) for limit in limits]


def _judge(figures: Figures, limit: Limit) -> Verdict:
    if OURS in figures.left_out.get(limit.load, {}):
        return Verdict(limit, "not reached")
    try:
        ours, bound = figures.median(limit.load, OURS), limit.bound(figures)
    except KeyError:
        return Verdict(limit, "not measured")
    return Verdict(limit, "reached" if ours <= bound else "not reached", bound, ours)
