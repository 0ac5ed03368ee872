"""What is read of a preview, and what is not one."""

import json
from typing import Any

import pytest

from elastx_mrs.review.changes import changes, others
from elastx_mrs.review.markdown import marker
from elastx_mrs.review.preview import PreviewError, of_log, read
from elastx_mrs.review.report import review
from tests.review.previews import CLOUDFLARE, START, preview, step, txt

SPF = "v=spf1 include:elastx.email -all"
GOOD = preview(step("create", "mail-example.com-spf", new=txt("example.com", SPF)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: pulumi preview failed before it began"),
        (" \n", "is empty"),
        (GOOD[:-40], "is cut off, or something else is in it"),
        (GOOD + GOOD, "something else is in it"),
        ("Previewing update (prod):\n", "is not JSON"),
        ("[]", "is a list; pulumi preview --json prints one object"),
        ("7", "is not what pulumi preview --json prints"),
        ('{"deployment": {"resources": []}, "version": 3}', "is JSON, but not what pulumi preview --json prints"),
        ('{"steps": [7]}', "is JSON, but not what"),
        ('{"steps": {}, "changeSummary": {}}\n{"steps": 1}', "is a stream of events; unset PULUMI_ENABLE_STREAMING"),
        ("[" * 100_000, "is nested too deep"),
    ],
)
def test_what_is_not_a_preview_is_told(text: str, said: str) -> None:
    with pytest.raises(PreviewError) as caught:
        read(text)
    assert said in str(caught.value)


def test_one_of_an_older_pulumi_has_fewer_keys() -> None:
    content = json.loads(GOOD)
    for key in ("config", "diagnostics", "duration"):
        del content[key]
    content["steps"] += [{"op": "create"}, {"op": "create", "urn": "nonsense"}, {"urn": f"{START}::x::y"}]
    found = read(json.dumps(content))
    assert (found.project, found.stack, found.failed) == ("acme", "prod", False)
    assert [one.kind for one in changes(found)] == ["spf"]


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"inputs": 7}, {"inputs": {"owner": 7}}, {"parent": 7}, True])
@pytest.mark.parametrize("op", ["create", "update", "delete", "replace", "delete-replaced", "import", "7"])
def test_what_a_state_should_not_be_is_passed_over(op: str, odd: object) -> None:
    content = json.loads(GOOD)
    odd_step = {"op": op, "urn": content["steps"][0]["urn"] + "-other", "oldState": odd, "newState": odd}
    content["steps"].append(odd_step)
    assert [one.kind for one in changes(read(json.dumps(content)))] == ["spf"]


@pytest.mark.parametrize("ttl", ["1e999", "-1e999", "NaN", "true", '"x"', "[]", "1e300"])
def test_a_ttl_that_is_no_number_of_seconds_is_none(ttl: str) -> None:
    inputs = json.dumps(txt("example.com", SPF, ttl=0)).replace('"ttl": 0', f'"ttl": {ttl}')
    (change,) = changes(read(GOOD.replace(json.dumps(txt("example.com", SPF)), inputs)))
    assert change.content.ttl is None


def test_accounts_that_are_no_text_are_passed_over() -> None:
    found = read(preview(accounts=["a@acme.example", "\ud800@acme.example", "b\x1b@acme.example"]))
    assert list(found.accounts.values()) == ["a@acme.example"]


def test_one_of_another_project_has_no_mail_records() -> None:
    bucket = {"op": "create", "urn": f"{START}::aws:s3/bucket:Bucket::logs", "newState": {"inputs": {"name": "logs"}}}
    found = read(preview(bucket))
    assert changes(found) == []
    assert [one.name for one in others(found)] == ["logs"]


def test_a_replacement_is_one_change() -> None:
    old, new = (
        txt("elastx._domainkey.example.com", "v=DKIM1; p=AA"),
        txt("other._domainkey.example.com", "v=DKIM1; p=AA"),
    )
    name = "mail-example.com-dkim"
    found = read(preview(
        step("create-replacement", name, old, new), step("replace", name, old, new),
        step("delete-replaced", name, old),
    ))  # fmt: skip
    (change,) = changes(found)
    assert (change.op, change.resource.replaced) == ("change", True)
    assert change.old is not None
    assert change.new is not None
    assert (change.old.owner, change.new.owner) == ("elastx._domainkey.example.com", "other._domainkey.example.com")


def test_cloudflare_s_content_is_read_out_of_its_quotes() -> None:
    content = '"v=DKIM1; p=' + "A" * 243 + '" "' + "B" * 20 + '"'
    inputs = {"name": "elastx._domainkey.example.com", "type": "TXT", "content": content, "ttl": 1, "zoneId": "z"}
    (change,) = changes(read(preview(step("create", "mail-example.com-dkim", new=inputs, type_=CLOUDFLARE))))
    assert (change.kind, change.domain) == ("dkim", "example.com")
    assert change.new is not None
    assert change.new.value == "v=DKIM1; p=" + "A" * 243 + "B" * 20


@pytest.mark.parametrize(
    ("name", "owner", "value", "kind", "domain"),
    [
        ("x", "example.com", "elastx-mrs=" + "0" * 64, "challenge", "example.com"),
        ("x", "example.com", "V=SPF1 -all", "spf", "example.com"),
        ("x", "_dmarc.a.example.com", "anything", "dmarc", "a.example.com"),
        ("x", "s1._domainkey.example.com", "anything", "dkim", "example.com"),
        ("x", "a.example._report._dmarc.example.com", "v=DMARC1;", "report", "example.com"),
        ("x", "example.com", "v=spf10", "other", "example.com"),
        ("mail-example.com-spf", "example.com", "[secret]", "spf", "example.com"),
        ("mail-example.com-challenge-0123456789ab", "example.com", "[secret]", "challenge", "example.com"),
    ],
)
def test_what_a_record_is(name: str, owner: str, value: str, kind: str, domain: str) -> None:
    (change,) = changes(read(preview(step("create", name, new=txt(owner, value)))))
    assert (change.kind, change.domain) == (kind, domain)


def test_what_pulumi_says_beside_the_reason_is_left_out() -> None:
    said = (
        ("warning", "warning: using pulumi-language-yaml from $PATH at /somewhere"),
        ("error", "error: the reason"),
        ("error", "error: an unhandled error occurred: program exited with non-zero exit code: 1"),
        ("error", "error: preview failed"),
        ("info", "a notice"),
        ("debug", "details"),
        ("info", "a notice"),
    )
    found = read(preview(said=said))
    assert [(one.level, one.text) for one in found.diagnostics] == [("error", "the reason"), ("notice", "a notice")]
    alone = read(preview(said=(("error", "error: preview failed"),)))
    assert [one.text for one in alone.diagnostics] == ["preview failed"]
    assert alone.failed


@pytest.mark.parametrize("name", ["acme/prod", "org/acme/prod"])
def test_one_without_a_resource_has_the_name_that_is_given(name: str) -> None:
    """By it a pipeline finds its comment: with another name there would be two, and one of another commit."""
    ended = preview(said=(("error", "no plugin"),))
    for found in (read(ended, name=name), of_log("no plugin", name)):
        assert marker(review(found)) == marker(review(read(GOOD))) == "<!-- elastx-mrs review acme/prod -->"
    assert read(GOOD, name="other/name").project == "acme", "what the preview says counts"


@pytest.mark.parametrize(
    "quoted", ["using pulumi-x from $PATH", "resource monitor shut down", "update canceled", "preview failed"]
)
@pytest.mark.parametrize("level", ["error", "warning"])
def test_what_quotes_pulumi_from_dns_is_kept(level: str, quoted: str) -> None:
    """Anybody may write this into a TXT record that a message of the guard shows."""
    said = ((level, f"guard: example.com has '{quoted}' there too: {quoted}"), ("error", "the reason"))
    found = read(preview(said=said))
    assert (level, said[0][1]) in [(one.level, one.text) for one in found.diagnostics]


@pytest.mark.parametrize(
    ("config", "known"),
    [
        ({"accounts": ["a@acme.example"]}, 1),
        ({"accounts": "[secret]"}, 0),
        ({"accounts": {"secure": "x"}}, 0),
        ({"accounts": [7, None, "a@acme.example"]}, 1),
        ({"accounts": {}}, 0),
    ],
)
def test_accounts_of_the_config(config: dict[str, Any], known: int) -> None:
    assert len(read(preview(**config)).accounts) == known


@pytest.mark.parametrize("text", ["a@acme.example", "[" * 100_000, '["a@acme.example"'])
def test_accounts_that_are_no_json_are_passed_over(text: str) -> None:
    """As after ``pulumi config set elastx-mrs:accounts a@acme.example``."""
    content = json.loads(GOOD) | {"config": {"elastx-mrs:accounts": text}}
    assert read(json.dumps(content)).accounts == {}


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('"v=spf1 " "-all"', "v=spf1 -all"),
        ('"v=spf1 -all', '"v=spf1 -all'),
        ("\ud800", "\ud800"),
    ],
)
def test_content_that_no_zone_file_could_hold_is_shown_as_it_is(content: str, value: str) -> None:
    """RFC 1035 §5.1; of an import, or written by hand."""
    new = {"name": "example.com", "type": "TXT", "content": content}
    (found,) = changes(read(preview(step("create", "mail-example.com-spf", new=new, type_=CLOUDFLARE))))
    assert found.new is not None
    assert found.new.value == value
