"""What to do about a certificate that is refused."""

import ssl

import pytest

from elastx_mrs.lookup.transport.certificate import cure, refusal

STRICT = range(80, 94)
"""OpenSSL's numbers for what only X509_V_FLAG_X509_STRICT refuses."""


@pytest.mark.parametrize("code", STRICT)
def test_what_only_the_strict_check_refuses_is_told_as_that(code: int) -> None:
    assert "; Python 3.13 and later refuse this (RFC 5280 §4." in cure(code)
    assert ": have it renewed " in cure(code)


def test_another_number_is_told_as_an_authority_that_is_not_trusted() -> None:
    assert cure(20) == cure(19) == cure(18) == cure(1000)
    assert "SSL_CERT_FILE" in cure(18)


def test_a_refusal_is_found_below_the_errors_of_a_client() -> None:
    refused = ssl.SSLCertVerificationError(1, "no")
    try:
        try:
            raise refused
        except ssl.SSLError as error:
            raise OSError("not connected") from error
    except OSError as error:
        outer = ValueError("failed")
        outer.__context__ = error
    assert refusal(outer) is refused
    assert refusal(refused) is refused
    assert refusal(ValueError("other")) is None
