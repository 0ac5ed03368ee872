"""What is limited of a preview: each limit is met, and one more is beyond it."""

import json

import pytest
from click.testing import CliRunner

from elastx_mrs import limits
from elastx_mrs.cli.main import main
from elastx_mrs.review.markdown import markdown
from elastx_mrs.review.plain import as_json, as_text
from elastx_mrs.review.preview import PreviewError, of_log, read
from elastx_mrs.review.report import review
from tests.review.previews import preview, step, txt


@pytest.mark.limit("PREVIEW")
def test_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    text = preview()
    monkeypatch.setattr(limits, "PREVIEW", limits.PREVIEW._replace(most=len(text)))
    assert CliRunner().invoke(main, ["review"], input=text).exit_code == 0
    result = CliRunner().invoke(main, ["review"], input=f"{text} ")
    assert result.exit_code == 2
    assert result.output == (
        f"Error: standard input: has more than {limits.PREVIEW.text}; review the preview of a smaller stack\n"
    )


@pytest.mark.limit("PREVIEW_STEPS")
def test_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PREVIEW_STEPS", limits.PREVIEW_STEPS._replace(most=2))
    steps = [step("create", f"mail-a{number}.example-spf", new=txt("a.example", "v=spf1 -all")) for number in range(3)]
    assert len(read(preview(*steps[:2])).resources) == 2
    with pytest.raises(PreviewError, match="has over 2 steps; review the preview of a smaller stack"):
        read(preview(*steps))


@pytest.mark.limit("PREVIEW_VALUE")
@pytest.mark.parametrize("op", ["create", "delete"])
@pytest.mark.parametrize("key", ["owner", "value"])
def test_a_value(key: str, op: str) -> None:
    inputs = txt("a.example", "v=spf1 -all")
    sides = (None, inputs) if op == "create" else (inputs, None)
    inputs[key] = "x" * limits.PREVIEW_VALUE.most
    assert review(read(preview(step(op, "mail-a.example-spf", *sides)))).domains
    inputs[key] += "x"
    with pytest.raises(PreviewError, match=f"has {key} of over 262,144 characters at 'mail-a.example-spf', and no DNS"):
        read(preview(step(op, "mail-a.example-spf", *sides)))


@pytest.mark.parametrize("piece", ["include:a ", "a ", "ip4:192.0.2.1 ", '"', "\\", "( ", "p=", "exp=%{", "x"])
@pytest.mark.parametrize("start", ["v=spf1 ", "v=DMARC1; p=none; rua=", "v=DKIM1; p=", ""])
def test_a_value_as_long_as_it_may_be(start: str, piece: str) -> None:
    """Terms were each looked for among all of the other side's."""
    long = start + piece * (60_000 // len(piece))
    owner = {"v=DM": "_dmarc.a.example", "v=DK": "elastx._domainkey.a.example"}.get(start[:4], "a.example")
    found = review(read(preview(step("update", "mail-a.example-x", txt(owner, long), txt(owner, f"{long}b")))))
    assert len(markdown(found, 65_536).encode()) <= 65_536


@pytest.mark.limit("PREVIEW_MESSAGES")
def test_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PREVIEW_MESSAGES", limits.PREVIEW_MESSAGES._replace(most=3))
    said = [("info", "a"), ("warning", "b"), ("error", "c"), ("info", "d"), ("error", "e")]
    found = [(one.level, one.text) for one in read(preview(said=tuple(said[:3]))).diagnostics]
    assert found == [("notice", "a"), ("warning", "b"), ("error", "c")]
    found = [(one.level, one.text) for one in read(preview(said=tuple(said))).diagnostics]
    assert found == [
        ("error", "c"),
        ("error", "e"),
        ("warning", "b"),
        ("warning", "2 more messages of the preview are not shown here"),
    ]


@pytest.mark.limit("PREVIEW_MESSAGE")
def test_a_message_keeps_its_end() -> None:
    most = limits.PREVIEW_MESSAGE.most
    for length, text in ((most, "x" * (most - 3) + "end"), (most + 1, "…" + "x" * (most - 4) + "end")):
        said = "x" * (length - 3) + "end"
        assert read(preview(said=(("error", said),))).diagnostics[0].text == text
        assert of_log(said).diagnostics[0].text == text


@pytest.mark.parametrize("piece", ["x", "\0", "x\n", "`", "\u202e", "x ", 'before hook "'])
@pytest.mark.parametrize("level", ["error", "info"])
def test_a_message_of_any_length(level: str, piece: str) -> None:
    """20 MB in one word took over a minute: textwrap takes the square of a word's length."""
    found = review(read(preview(said=((level, piece * (500_000 // len(piece)) + "end"),))))
    assert len(markdown(found, 65_536).encode()) <= 65_536
    assert markdown(found, None)
    assert "end" in as_text(found)
    assert "end" in as_json(found)


def test_many_long_messages_fit_a_comment() -> None:
    said = [("info", f"{number} " + "x" * 40_000) for number in range(200)]
    text = markdown(review(read(preview(said=tuple(said)))), 65_536)
    assert "not shown: 200 notices" in text
    assert len(text.encode()) <= 65_536


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"steps": ' + "[" * 100_000])
def test_nesting_of_any_depth(text: str) -> None:
    with pytest.raises(PreviewError, match="nested too deep"):
        read(text)


def test_accounts_nested_to_any_depth() -> None:
    content = json.loads(preview()) | {"config": {"elastx-mrs:accounts": "[" * 100_000}}
    assert read(json.dumps(content)).accounts == {}
