"""What no handler is asked for, whatever it would answer."""

import pytest

from trio_https import HTTPError
from trio_https.rules.request_method import check_method


@pytest.mark.parametrize(
    "method",
    [
        "CONNECT",  # RFC 9110 §9.3.6: for proxies
        "TRACE",  # RFC 9110 §9.3.8: sends back what scripts must not read
    ],
)
def test_a_method_that_is_not_implemented_is_refused(method: str) -> None:
    with pytest.raises(HTTPError) as caught:
        check_method(method)
    assert (caught.value.status, caught.value.close) == (501, True)


@pytest.mark.parametrize(
    "method",
    [
        # RFC 9110 §9.3, RFC 5789
        *("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"),
        *("trace", "Trace", "connect"),  # RFC 9110 §9.1: methods are case-sensitive
        *("TRACK", "TRAC", "TRACES", "BREW"),  # unknown, which the handler may know
    ],
)
def test_any_other_method_is_for_the_handler_to_judge(method: str) -> None:
    check_method(method)
