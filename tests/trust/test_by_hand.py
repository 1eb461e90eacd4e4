from pathlib import Path

import pytest

from trio_https.trust.authority import Authority
from trio_https.trust.by_hand import steps_by_hand


@pytest.mark.parametrize(
    ("system", "left_out"), [("Linux", None), ("Windows", "Windows"), ("Darwin", "macOS")]
)
def test_the_steps_of_the_system_itself_are_left_out(
    system: str, left_out: str | None, authority: Authority
) -> None:
    clients = [steps.client.split()[0] for steps in steps_by_hand(authority, system)]
    everywhere = ["Windows", "macOS", "Firefox", "Android", "iPhone", "Programs"]
    assert clients == [client for client in everywhere if client != left_out]


def test_each_step_is_a_line_and_the_file_is_named_as_it_is(authority: Authority) -> None:
    odd = Authority(path=Path("/a  b/{c}/ca.crt"), der=authority.der)
    steps = {each.client.split()[0]: each.steps for each in steps_by_hand(odd, "Linux")}
    assert all(
        "\n" not in step and step == step.strip() for each in steps.values() for step in each
    )
    assert "Choose /a  b/{c}/ca.crt;" in steps["Firefox"][1]
    assert steps["Programs"][1] == "Node.js: NODE_EXTRA_CA_CERTS='/a  b/{c}/ca.crt'"
    assert authority.thumbprint in steps["Windows"][2]
