"""What to do about an error code of Amazon Route 53, and of AWS's check of credentials."""

from collections.abc import Mapping

POLICY = "https://github.com/elastx/elastx-mrs/blob/main/docs/route53.md#permissions"

CURES: Mapping[str, str] = {
    "AccessDenied": f"allow this in the IAM policy of these credentials: {POLICY}",
    "ExpiredToken": "log in again (aws sso login), or set AWS_PROFILE",
    "InvalidClientTokenId": "run aws sts get-caller-identity to see whose credentials boto3 finds; set AWS_PROFILE",
    "InvalidSignatureException": "set this machine's clock by NTP, and check AWS_SECRET_ACCESS_KEY",
    "NoSuchHostedZone": "run aws route53 list-hosted-zones to see which zones these credentials have. If the zone was "
    "deleted, remove its records from the state: pulumi state delete",
    "PriorRequestNotComplete": "others keep changing this zone; run pulumi up again",
    "RequestExpired": "set this machine's clock by NTP",
    "SignatureDoesNotMatch": "check AWS_SECRET_ACCESS_KEY, or set AWS_PROFILE; the clock of this machine may be wrong",
    "Throttling": "others use up the account's 5 requests a second; run pulumi up again",
}


def cure(said: str, code: str) -> str:
    """Return a message with what to do about its code."""
    return f"{said.removesuffix('.')}; {CURES[code]}" if code in CURES else said
