"""What is made of sampled stacks."""

import pytest
from suite.samples import Stacks, format_shares, package_of

FOLDED = """\
run (trio);exchange (ours);parse (h11) 3
run (trio);exchange (ours) 1
run (trio);exchange (ours);walk (ours);walk (ours) 4
run (trio) 2
"""


def test_a_function_is_on_top_or_anywhere_and_once_where_it_calls_itself() -> None:
    stacks = Stacks.parse(FOLDED)
    assert stacks.samples == 10
    assert stacks.on_top == {
        "parse (h11)": 3,
        "exchange (ours)": 1,
        "walk (ours)": 4,
        "run (trio)": 2,
    }
    assert stacks.anywhere["exchange (ours)"] == 8
    assert stacks.anywhere["walk (ours)"] == 4


def test_a_thread_that_waits_for_work_is_no_sample() -> None:
    waiting = (
        "Thread.run (threading.py:982);WorkerThread._work (trio/_core/_thread_cache.py:209) 90"
    )
    assert Stacks.parse(f"{FOLDED}{waiting}\n") == Stacks.parse(FOLDED)


def test_the_table_begins_with_what_was_on_top_most_often() -> None:
    lines = format_shares(Stacks.parse(FOLDED), 2).splitlines()
    assert lines[-2:] == ["   40.0%   40.0%  walk (ours)", "   30.0%   30.0%  parse (h11)"]


@pytest.mark.parametrize(
    ("frame", "package"),
    [
        ("EpollIOManager.get_events (trio/_core/_io_epoll.py:238)", "trio"),
        ("exchange (trio_https/exchange.py:26)", "trio_https"),
        ("SSLObject.write (ssl.py:924)", "Python's own library"),
        ("__init__ (<attrs generated methods outcome._impl.Value>:12)", "Python's own library"),
        ("EVP_MD_CTX_reset (libcrypto.so.3)", "libcrypto.so.3"),
    ],
)
def test_a_function_is_somebodys(frame: str, package: str) -> None:
    assert package_of(frame) == package


def test_the_shares_of_packages_come_first() -> None:
    folded = "a (trio/_core.py:1);b (h11/_events.py:2) 3\na (trio/_core.py:1) 1\n"
    assert format_shares(Stacks.parse(folded), 2).splitlines()[:3] == [
        "4 samples",
        "   75.0%          h11",
        "   25.0%          trio",
    ]
