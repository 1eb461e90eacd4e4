"""Whether there can be workers on a system, and how many are of use."""

import os

__all__ = ["count_processors", "why_no_workers"]

# With fork, and with sigtimedwait, which OpenBSD lacks.
_SYSTEMS = ("linux", "freebsd", "netbsd")
_REMEDY = "Leave --workers out: one process serves all."


def why_no_workers(platform: str) -> str | None:
    """Return why there are none on a system, as ``sys.platform`` names it, and what to do then.

    None: there can be.
    """
    if platform == "win32":
        return (
            "Windows has no way to start a process as a copy of another (fork), which is how"
            f" workers share sockets and the keys of session tickets. {_REMEDY}"
        )
    if platform == "darwin":
        return (
            "macOS's libraries may break in a process that is a copy of another (fork), which is"
            f" how workers share sockets and the keys of session tickets. {_REMEDY}"
        )
    if platform.startswith(_SYSTEMS):
        return None
    return f"this system ({platform}) is not known to have what they need. {_REMEDY}"


def count_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
