"""Errors as values: what they carry, how they read, and how a group gives its only one back."""

import pickle
from http import HTTPStatus

import pytest

from trio_https import ClientGone, ConfigError, HTTPError
from trio_https.errors import reason_phrase, without_groups


def test_http_error_carries_what_its_answer_needs() -> None:
    error = HTTPError(405, "only GET", headers=[("Allow", "GET")], close=True)
    assert (error.status, error.detail) == (405, "only GET")
    assert (error.headers, error.close) == ((("Allow", "GET"),), True)


def test_http_error_needs_no_more_than_a_status() -> None:
    error = HTTPError(404)
    assert (error.detail, error.headers, error.close) == ("", (), False)


def test_its_headers_do_not_change_with_the_list_they_came_in() -> None:
    headers = [("Allow", "GET")]
    error = HTTPError(405, headers=headers)
    headers.append(("X", "y"))
    assert error.headers == (("Allow", "GET"),)


@pytest.mark.parametrize("status", [400, 404, 499, 500, 599])
def test_http_error_takes_the_status_codes_of_errors(status: int) -> None:
    assert HTTPError(status).status == status


@pytest.mark.parametrize("status", [-1, 0, 100, 200, 304, 399, 600, 1000])
def test_http_error_takes_no_other_status_code(status: int) -> None:
    with pytest.raises(ValueError, match=f"from 400 to 599, not {status}"):
        HTTPError(status)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(HTTPError(404), "404 Not Found", id="without a detail"),
        pytest.param(HTTPError(404, "no page"), "404 Not Found: no page", id="with a detail"),
        pytest.param(HTTPError(499), "499", id="a status without a phrase"),
        pytest.param(HTTPError(499, "left"), "499: left", id="without a phrase, with a detail"),
    ],
)
def test_http_error_reads_as_its_status_line_does(error: HTTPError, text: str) -> None:
    assert str(error) == text


def test_http_error_is_whole_on_the_other_side_of_a_pickle() -> None:
    error = HTTPError(405, "only GET", headers=[("Allow", "GET")], close=True)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.headers, copy.close) == (str(error), error.headers, True)


@pytest.mark.parametrize("status", list(HTTPStatus))
def test_a_registered_status_code_has_its_phrase(status: HTTPStatus) -> None:
    assert reason_phrase(int(status)) == status.phrase != ""


@pytest.mark.parametrize("status", [0, 99, 299, 499, 600])
def test_an_unknown_status_code_has_an_empty_phrase(status: int) -> None:
    assert reason_phrase(status) == ""


# Groups


def test_what_is_in_no_group_stays_as_it_is() -> None:
    error = ClientGone("reset")
    assert without_groups(error) is error


def test_a_single_exception_comes_out_of_all_its_groups() -> None:
    error = ConfigError("no such folder")
    group = ExceptionGroup("outer", [ExceptionGroup("middle", [ExceptionGroup("inner", [error])])])
    assert without_groups(group) is error


def test_what_is_no_exception_comes_out_too() -> None:
    interrupt = KeyboardInterrupt()
    assert without_groups(BaseExceptionGroup("nursery", [interrupt])) is interrupt


def test_two_exceptions_stay_together_and_lose_only_the_groups_around_them() -> None:
    both = ExceptionGroup("inner", [ClientGone(), HTTPError(404)])
    assert without_groups(ExceptionGroup("outer", [both])) is both


def test_two_groups_of_one_stay_together() -> None:
    group = ExceptionGroup("outer", [ExceptionGroup("", [HTTPError(404)]), HTTPError(404)])
    assert without_groups(group) is group
