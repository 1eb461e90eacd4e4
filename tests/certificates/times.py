"""The time at which the tests of issuing and renewing take place."""

from datetime import UTC, datetime

__all__ = ["NOW"]

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
