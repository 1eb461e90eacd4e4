"""``--workers``: how many processes serve."""

import sys
from typing import Any

import click

from ..errors import ConfigError
from ..workers.availability import count_processors, why_no_workers

__all__ = ["WorkerCount", "check_workers"]

MAX_WORKERS = 256  # more is a mistake rather than a machine


class WorkerCount(click.IntRange):
    """A number of processes, or one for each processor that this one may use."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(1, MAX_WORKERS)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if value == "auto":
            # Where there can be none, auto is one process.
            return 1 if why_no_workers(sys.platform) else min(count_processors(), MAX_WORKERS)
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter as exc:
            remedy = "Or auto: one for each processor."
            raise click.BadParameter(f"{exc.message} {remedy}", ctx, param) from exc


def check_workers(workers: int) -> None:
    """Raise ``ConfigError`` where the system can't have several."""
    if workers > 1 and (why := why_no_workers(sys.platform)):
        raise ConfigError(f"--workers: {why}")
