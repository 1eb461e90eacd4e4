"""The command line: one module a command, each imported when its turn comes."""

import sys

__all__ = ["main"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it: asked to stop before it served


def main() -> None:
    """Run the command ``trio-https``."""
    try:
        # Here, so that importing the package does not cost what only the command needs.
        from .commands import run

        code = run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)
