"""Changes of a list of keys in a stack's file: only these lines change, and the file then says what was meant."""

from pathlib import Path

import pytest

from elastx_mrs.dkim.edit import Change, ChangedError, edited, keys_of, replace_file
from elastx_mrs.stackfile.document import Document, read

K1, K2 = "v=DKIM1; p=AAAA", "v=DKIM1; k=ed25519; p=BBBB="
ADD = Change("s2", {"selector": "s2", "own": True, "record": K2, "signs": False}, add=True)
SINCE = Change("elastx", {"since": "2026-11-30T10:15Z"})
ADDED = f"    - selector: s2\n      own: true\n      record: {K2}\n      signs: false\n"

HEAD = "# Mail\nconfig:\n  elastx-mrs:accounts: [a@acme.example] # one\n"
TAIL = "  # the domains\n  elastx-mrs:domains:\n    - example.com\nsecretsprovider: passphrase\n"


def document(folder: Path, text: str) -> Document:
    file = folder / "Pulumi.test.yaml"
    file.write_text(text)
    return read(str(file))


def after(folder: Path, text: str, *changes: Change, domain: int | None = None) -> str | None:
    return edited(text, document(folder, text), domain, changes)


@pytest.mark.parametrize(
    ("before", "change", "then"),
    [
        (f"  elastx-mrs:dkim: {K1} # Elastx's\n", ADD, f"  elastx-mrs:dkim:\n    - record: {K1} # Elastx's\n{ADDED}"),
        (
            f"  elastx-mrs:dkim: >- # Elastx's\n    {K1}\n",
            ADD,
            f"  elastx-mrs:dkim:\n    - record: >- # Elastx's\n        {K1}\n{ADDED}",
        ),
        (
            f"  elastx-mrs:dkim:\n    # Elastx's\n    record: {K1}\n    since: 2026-01-01 # old\n",
            ADD,
            f"  elastx-mrs:dkim:\n    # Elastx's\n    - record: {K1}\n      since: 2026-01-01 # old\n{ADDED}",
        ),
        (f"  elastx-mrs:dkim:\n    - {K1}\n", ADD, f"  elastx-mrs:dkim:\n    - {K1}\n{ADDED}"),
        (
            f"  elastx-mrs:dkim:\n  - {K1}\n",
            SINCE,
            f"  elastx-mrs:dkim:\n  - record: {K1}\n    since: 2026-11-30T10:15Z\n",
        ),
        (
            f"  elastx-mrs:dkim:\n    - record: {K1} # Elastx's\n      since: 2026-01-01 # old\n      # last\n",
            SINCE,
            f"  elastx-mrs:dkim:\n    - record: {K1} # Elastx's\n      since: 2026-11-30T10:15Z # old\n      # last\n",
        ),
        (
            "  elastx-mrs:dkim:\n    -   signs: false # not yet\n        # a note\n        record: >-\n"
            f"          {K1}\n",
            Change("elastx", {"retire": "2026-12-07"}, ("signs",)),
            f"  elastx-mrs:dkim:\n    -   record: >-\n          {K1}\n        retire: '2026-12-07'\n        # a note\n",
        ),
        (
            f"  elastx-mrs:dkim:\n    # first\n    - selector: s1\n      record: {K1}\n    - record: {K2}\n",
            Change("s1", {}, remove=True),
            f"  elastx-mrs:dkim:\n    # first\n    - record: {K2}\n",
        ),
        (
            f"  elastx-mrs:dkim:\n    - record: {K2}\n    - selector: s1\n      record: {K1}\n\n",
            Change("s1", {}, remove=True),
            f"  elastx-mrs:dkim:\n    - record: {K2}\n\n",
        ),
    ],
)
def test_only_the_lines_of_the_key_change(before: str, change: Change, then: str, tmp_path: Path) -> None:
    assert after(tmp_path, HEAD + before + TAIL, change) == HEAD + then + TAIL


def test_several_changes_at_once(tmp_path: Path) -> None:
    text = f"{HEAD}  elastx-mrs:dkim:\n    - selector: s1\n      record: {K1}\n{ADDED}{TAIL}"
    made = after(tmp_path, text, Change("s2", {}, ("signs",)), Change("s1", {"retire": "2026-12-07"}))
    signing = ADDED.replace("      signs: false\n", "")
    assert made == (
        f"{HEAD}  elastx-mrs:dkim:\n    - selector: s1\n      record: {K1}\n      retire: '2026-12-07'\n{signing}{TAIL}"
    )


def test_a_domain_s_own_list(tmp_path: Path) -> None:
    domain = f"  elastx-mrs:domains:\n    - example.com\n    - name: example.se\n      dkim: {K1}\n      ttl: 60\n"
    made = after(tmp_path, HEAD + domain, ADD, domain=1)
    added = ADDED.replace("    ", "        ", 1).replace("\n      ", "\n          ")
    assert made == HEAD + domain.replace(f"dkim: {K1}\n", f"dkim:\n        - record: {K1}\n{added}")


@pytest.mark.parametrize(
    "dkim",
    [
        f"  elastx-mrs:dkim: {{record: '{K1}'}}\n",
        f"  elastx-mrs:dkim: [{{record: '{K1}'}}]\n",
        f"  elastx-mrs:dkim:\n    - {{record: '{K1}'}}\n",
        f"  elastx-mrs:dkim: &key\n    record: {K1}\n",
        f"  elastx-mrs:dkim:\n    - &key\n      record: {K1}\n",
        f"  elastx-mrs:dkim:\n    -\n      record: {K1}\n",
        "  elastx-mrs:dkim: {secure: AAABAI}\n",
        f'  elastx-mrs:dkim: \'[{{"record": "{K1}"}}]\'\n',
        "",
    ],
)
def test_what_cannot_be_edited_stays(dkim: str, tmp_path: Path) -> None:
    """An edit that would say something else than meant is none."""
    made = after(tmp_path, HEAD + dkim + TAIL, SINCE)
    assert made is None or keys_of(document(tmp_path, made).content, None) == [
        {"record": K1, "since": "2026-11-30T10:15Z"}
    ]


def test_an_alias_is_not_edited(tmp_path: Path) -> None:
    text = f"x: &key\n  record: {K1}\nconfig:\n  elastx-mrs:dkim: *key\n"
    assert after(tmp_path, text, SINCE) is None


def test_the_file_is_replaced_at_once_and_keeps_its_permissions(tmp_path: Path) -> None:
    file, link = tmp_path / "Pulumi.test.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    replace_file(link, b"old", b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777, link.is_symlink()) == (b"new", 0o640, True)
    with pytest.raises(ChangedError):
        replace_file(file, b"old", b"newer")
    assert file.read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 2


def test_an_interrupt_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_bytes(b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_file(file, b"old", b"new")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"old"]
