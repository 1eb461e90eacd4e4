import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.media_ranges import preferred_media_type

HTML, JSON = "text/html", "application/json"
CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;"
    "q=0.8,application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
AXIOS = "application/json, text/plain, */*"


@pytest.mark.parametrize(
    ("field_value", "preferred"),
    [
        # What clients send.
        (None, HTML),
        (CHROMIUM, HTML),
        (FIREFOX, HTML),
        ("*/*", HTML),  # curl, wget, fetch()
        ("application/json", JSON),
        ("application/json, */*", JSON),  # httpie: "application/json, */*;q=0.5"
        ("application/json, */*;q=0.5", JSON),
        (AXIOS, JSON),
        # RFC 9110 §12.4.2: weights.
        ("text/html;q=0.5, application/json", JSON),
        ("text/html, application/json;q=0.5", HTML),
        ("text/html;q=0.001, application/json;q=0.002", JSON),
        ("text/html, application/json", HTML),  # equal: the server's order
        ("application/json, text/html", HTML),
        ("application/json;q=1.0, text/html;q=1", HTML),
        ("text/html ; Q=0.1 ,\tApplication/JSON", JSON),
        # RFC 9110 §12.5.1: the most specific range has precedence.
        ("text/*", HTML),
        ("application/*", JSON),
        ("*/*, text/html;q=0.5", JSON),
        ("*/*;q=0.9, text/*;q=0.1", JSON),
        ("text/*, text/html;q=0.2, application/json;q=0.3", JSON),
        ("text/html;q=0, */*", JSON),
        ("application/json;q=0, */*", HTML),
        ("application/json;q=0", HTML),
        ("*/*;q=0", HTML),
        # Neither: the server's first.
        ("image/png", HTML),
        ("application/jsonp", HTML),
        ("text/html;q=0, application/json;q=0", HTML),
        ("", HTML),
        # A parameter asks for what has it.
        ("application/json;charset=utf-8", JSON),
        ('application/json; charset="UTF-8"; q=0.9, text/html;q=0.8', JSON),
        ("application/json;profile=x, text/html;q=0.1", HTML),
        ('application/json;a=",text/html,", application/json;q=0.1', JSON),
        ('text/plain;a="\\",text/html,", application/json;q=0.1', JSON),
        # Malformed members are passed over.
        ("json", HTML),
        ("application/json;q=2", HTML),
        ("application/json;q=0.1234", HTML),
        ("application/json;q=-1", HTML),
        ("application/json;q=", HTML),
        ("application/json;q=\u0660.5", HTML),
        ("application/json/x", HTML),
        (",, ,application/json,,", JSON),
        ("\xff, application/json", JSON),
        ('text/plain;a="application/json, application/json', HTML),
        ('text/plain;a="application/json\\', HTML),
    ],
)
def test_the_type_that_a_client_prefers(field_value: str | None, preferred: str) -> None:
    assert preferred_media_type(field_value, (HTML, JSON)) == preferred


MEMBERS = st.sampled_from(["text/html", "text/*", "*/*", "application/json", ";q=0.5", ";q=0", ","])


@given(st.text() | st.lists(MEMBERS).map("".join))
def test_any_field_leads_to_one_of_what_is_offered(field_value: str) -> None:
    assert preferred_media_type(field_value, (HTML, JSON)) in (HTML, JSON)


@given(st.lists(st.sampled_from([HTML, JSON, "text/*", "*/*"]), max_size=6), st.data())
def test_the_order_of_members_does_not_matter(members: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(members))
    assert preferred_media_type(",".join(members), (HTML, JSON)) == preferred_media_type(
        ",".join(shuffled), (HTML, JSON)
    )
