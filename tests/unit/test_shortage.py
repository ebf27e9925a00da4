import errno
import os

import httpx2
import pytest

from imposter.contracts.errors import ModelUnavailable
from imposter.contracts.resource_exhaustion import shortage


def short(number: int = errno.EMFILE) -> OSError:
    return OSError(number, os.strerror(number))


def raised(error: BaseException, behind: BaseException) -> BaseException:
    try:
        raise error from behind
    except BaseException as caught:  # noqa: BLE001 - whatever was asked for
        return caught


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EADDRNOTAVAIL])
def test_what_this_machine_has_none_left_of_is_told_in_a_sentence(number: int) -> None:
    sentence = shortage(short(number))
    assert sentence is not None
    assert sentence.endswith(".")
    assert os.strerror(number) not in sentence


def test_it_is_found_however_far_behind() -> None:
    all_attempts = raised(OSError("All connection attempts failed"), ExceptionGroup("both", [ValueError(), short()]))
    assert shortage(raised(ModelUnavailable(), raised(httpx2.ConnectError("no"), all_attempts)))


@pytest.mark.parametrize("error", [ConnectionRefusedError(errno.ECONNREFUSED, "refused"), ValueError(), OSError("odd")])
def test_anything_else_is_none(error: Exception) -> None:
    assert shortage(error) is None


def test_causes_in_a_ring_end() -> None:
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert shortage(first) is None
