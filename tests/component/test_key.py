"""What identifies a resource, and what messages call it."""

from elastx_mrs.component.key import Key, labels


def test_a_name_is_enough_unless_two_publishers_have_it() -> None:
    both, alone = (Key("cloudflare", "mail-a-spf"), Key("route53", "mail-a-spf")), Key("route53", "mail-b-spf")
    assert labels([*both, alone]) == {
        both[0]: "mail-a-spf (cloudflare)",
        both[1]: "mail-a-spf (route53)",
        alone: "mail-b-spf",
    }
    assert labels([]) == {}
