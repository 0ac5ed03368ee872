"""How to fix a certificate that TLS refuses, for every protocol over TLS."""

import ssl


def refusal(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return the refused certificate behind an error; HTTP clients raise their own errors from it."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, ssl.SSLCertVerificationError):
        found = found.__cause__ or found.__context__
    return found


def cure(code: int) -> str:
    """Return the fix for a refusal.

    :param code: its ``verify_code``, one of OpenSSL's ``X509_V_ERR_*``.
    """
    return _CURES.get(code, _CURES[_SELF_SIGNED])


def _strict(fault: str, section: str, remedy: str) -> str:
    """Return the fix for a certificate that OpenSSL refuses only with VERIFY_X509_STRICT, which Python 3.13 sets.

    :param section: of RFC 5280.
    """
    return f"{fault}; Python 3.13 and later refuse this (RFC 5280 §{section}): have it renewed {remedy}"


_SELF_SIGNED = 18
_AUTHORITY = "the authority's certificate"
_SERVER = "the server's certificate"
_EITHER = "the server's certificate, or that of an intermediate authority,"
_ANY = "the server's certificate, or an authority's,"
_CURES = {
    9: "check the clocks of the server and of this machine",
    10: "have the server's certificate renewed",
    _SELF_SIGNED: "have a certificate made by an authority that is trusted, or name its file in SSL_CERT_FILE",
    62: "use the name that the certificate is for, or have one made for this name",
    64: "use a name that the certificate is for, not an address",
    79: "the certificate that signed the server's is not marked as an authority's: have it renewed as X.509 v3 with "
    "CA:TRUE (RFC 5280 §4.2.1.9)",
    80: _strict(f"{_SERVER} has a path length, which only an authority's may have", "4.2.1.9", "without it"),
    81: _strict(f"{_AUTHORITY} has a path length, but no keyCertSign", "4.2.1.9", "with keyCertSign in its key usage"),
    82: _strict(
        f"{_SERVER} has keyCertSign, which only an authority's may have", "4.2.1.3", "without it in its key usage"
    ),
    83: _strict(f"{_ANY} has an empty issuer", "4.1.2.4", "with its issuer's name"),
    84: _strict(f"{_ANY} has an empty subject", "4.1.2.6", "with a subject"),
    85: _strict(f"{_EITHER} has no authority key identifier", "4.2.1.1", "with that extension"),
    86: _strict(f"{_AUTHORITY} has no subject key identifier", "4.2.1.2", "with that extension"),
    87: _strict(f"{_ANY} has an empty subject alternative name", "4.2.1.6", "with a name in it"),
    88: _strict(
        f"{_ANY} has an empty subject and a subject alternative name that is not critical",
        "4.1.2.6",
        "with a subject, or with that extension marked critical",
    ),
    89: _strict(f"the basic constraints of {_AUTHORITY} are not marked critical", "4.2.1.9", "with them critical"),
    90: _strict(f"{_ANY} has an authority key identifier that is critical", "4.2.1.1", "with it not critical"),
    91: _strict(f"{_ANY} has a subject key identifier that is critical", "4.2.1.2", "with it not critical"),
    92: _strict(f"{_AUTHORITY} has no key usage extension", "4.2.1.3", "with that extension (keyCertSign)"),
    93: _strict(f"{_ANY} has extensions, but is not X.509 version 3", "4.1.2.1", "as version 3"),
}
"""By OpenSSL's number. Any other number gets the fix of 18 (self-signed): no trusted authority signed it."""
