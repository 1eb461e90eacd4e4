"""What is made of wrk's output, which was written by wrk 4.1.0."""

import pytest
from suite.subjects import LeftOutError
from suite.wrk import requests_in

GOOD = """\
Running 1s test @ https://127.0.0.1:8443/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    12.51ms   14.01ms 190.23ms   98.17%
    Req/Sec     2.94k   445.32     3.28k    90.00%
  2939 requests in 1.01s, 3.35MB read
Requests/sec:   2922.70
Transfer/sec:      3.33MB
"""


def with_line(line: str) -> str:
    return GOOD.replace("Requests/sec", f"  {line}\nRequests/sec")


def test_the_number_of_requests_is_read() -> None:
    assert requests_in(GOOD) == 2939


def test_timeouts_are_those_of_a_busy_machine() -> None:
    line = "Socket errors: connect 0, read 0, write 0, timeout 3"
    assert requests_in(with_line(line)) == 2939


@pytest.mark.parametrize(
    "output",
    [
        "",
        "unable to connect to 127.0.0.1:1 Connection refused\n",
        GOOD.replace("2939 requests", "0 requests"),
        with_line("Non-2xx or 3xx responses: 2939"),
        with_line("Socket errors: connect 0, read 7, write 0, timeout 0"),
        with_line("Socket errors: connect 0, read 0, write 1, timeout 0"),
    ],
)
def test_a_load_that_did_not_go_through_is_no_figure(output: str) -> None:
    with pytest.raises(LeftOutError):
        requests_in(output)
