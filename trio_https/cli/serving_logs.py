"""Where the logs of a serving command go, and how they look."""

import logging
import sys

from ..operate.access_log import JSONFormatter, access_logger
from ..operate.throttle import Throttle

__all__ = ["configure_logs"]


def configure_logs(*, access_log: bool, json: bool) -> None:
    """Send the access log to standard output, as text or JSON, and all else to standard error."""
    logging.raiseExceptions = False  # whoever closed the other end of a pipe knows it
    requests = logging.StreamHandler(sys.stdout)
    requests.setFormatter(JSONFormatter() if json else logging.Formatter("%(message)s"))
    access_logger.addHandler(requests)
    access_logger.setLevel(logging.INFO if access_log else logging.CRITICAL)
    access_logger.propagate = False
    events = logging.StreamHandler(sys.stderr)
    events.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    events.addFilter(Throttle())
    logger = logging.getLogger("trio_https")
    logger.addHandler(events)
    logger.setLevel(logging.INFO)
