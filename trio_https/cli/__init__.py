"""The command line: one module a command, each imported when its turn comes."""

import os
import sys

__all__ = ["main"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it: asked to stop before it served


def main() -> None:
    """Run the command ``trio-https``."""
    try:
        # Here, so that importing the package does not cost what only the command needs.
        from .loading import loading

        with loading():
            from .commands import run
        code = run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    _let_go_of_closed_outputs()
    sys.exit(code)


def _let_go_of_closed_outputs() -> None:
    """Keep the interpreter from writing, at its end, to those who have stopped reading."""
    for output in (sys.stdout, sys.stderr):
        try:
            output.flush()
        except BrokenPipeError:
            # As the documentation of the signal module has it ("Note on SIGPIPE").
            os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
