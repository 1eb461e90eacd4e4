"""The command line: one module a command, each imported when its turn comes."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command ``trio-https``."""
    # Here, so that importing the package does not cost what only the command needs.
    from .commands import trio_https

    try:
        trio_https(prog_name="trio-https")
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT, as shells have it: asked to stop before it served
