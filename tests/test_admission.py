"""Who may connect, and what becomes of the others."""

from contextlib import ExitStack

import pytest
import trio

from trio_https import Limits
from trio_https.admission import Admission, Verdict, client_network


@pytest.mark.parametrize(
    ("host", "network"),
    [
        (None, ""),
        ("192.0.2.7", "192.0.2.7"),
        ("::1", "::/64"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_64_bits(host: str | None, network: str) -> None:
    assert client_network(host) == network


async def test_a_place_is_free_again_when_its_connection_has_ended() -> None:
    admission = Admission(Limits(max_connections=1))
    for _ in range(3):
        await admission.reserve()
        with admission.place_for("192.0.2.7") as verdict:
            assert verdict is Verdict.SERVE
            with trio.move_on_after(0) as wait:
                await admission.reserve()
            assert wait.cancelled_caught


async def test_when_full_others_are_refused_at_once_if_so_configured() -> None:
    admission = Admission(Limits(max_connections=1, refuse_when_full=True))
    await admission.reserve()
    with admission.place_for("192.0.2.1") as first:
        await admission.reserve()
        with admission.place_for("192.0.2.2") as second:
            assert (first, second) == (Verdict.SERVE, Verdict.REFUSE)
    with admission.place_for("192.0.2.2") as third:
        assert third is Verdict.SERVE


@pytest.mark.parametrize("refuse", [False, True])
async def test_one_client_has_so_many_places_and_others_have_theirs(refuse: bool) -> None:
    limits = Limits(max_connections=9, max_connections_per_client=2, refuse_when_full=refuse)
    admission = Admission(limits)
    verdicts = []
    with ExitStack() as stack:
        for host in ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"):
            await admission.reserve()
            verdicts.append(stack.enter_context(admission.place_for(host)))
    assert verdicts == [Verdict.SERVE, Verdict.SERVE, Verdict.REFUSE, Verdict.SERVE]
    await admission.reserve()
    with admission.place_for("2001:db8::3") as verdict:
        assert verdict is Verdict.SERVE


async def test_beyond_a_few_refusals_connections_are_just_closed() -> None:
    admission = Admission(Limits(max_connections_per_client=1))
    verdicts = []
    with ExitStack() as stack:
        for _ in range(30):
            await admission.reserve()
            verdicts.append(stack.enter_context(admission.place_for("192.0.2.7")))
    assert verdicts == [Verdict.SERVE] + [Verdict.REFUSE] * 20 + [Verdict.CLOSE] * 9
    await admission.reserve()
    with admission.place_for("192.0.2.7") as verdict:
        assert verdict is Verdict.SERVE
