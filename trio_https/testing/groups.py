"""The exceptions of a test, as it has raised them, though nurseries of ours are around it."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_one_group"]


@contextmanager
def without_one_group() -> Iterator[None]:
    """Raise what one nursery has put into a group; a group of the test's own stays one."""
    try:
        yield
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        [exc] = group.exceptions
        raise exc from exc.__cause__
