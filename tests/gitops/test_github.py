"""GitHub's workflows on the real engine against the lab: the story of a repository, told once, and what it shows."""

from pathlib import Path

import pytest

from tests.gitops import comments
from tests.gitops.comments import Forge
from tests.gitops.github import COMMIT, GH, MARKER, Runner, workflow
from tests.gitops.scene import TOKEN, UNCHANGED, Company, Prepared, Run, Story, company
from tests.once import once

pytestmark = pytest.mark.engine

BOT = "github-actions[bot]"
FILES = ("preview.yml", "up.yml", "verify.yml")
WEAKER = "v=DMARC1; p=none;"
BROKEN = """#!/bin/sh
echo '{"steps": ['
"""
"""A preview that was cut off."""


OTHERS = [
    ("quoting", f"It said:\n{MARKER}\nand I agree."),
    ("pretending", f"{MARKER}\n\n**No mail record will change.**"),
    ("other-app[bot]", f"{MARKER}\nof another app"),
    (BOT, f"Of another workflow:\n{MARKER}"),
]
"""Comments that are no review of this workflow's."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Story:
    return once(tmp_path_factory, "github", lambda folder: told(folder, prepared))


def told(folder: Path, prepared: Prepared) -> Story:
    with company(folder, prepared) as made, comments.github({TOKEN: BOT}) as forge:
        made.program("gh", GH)
        forge.crowd(OTHERS)
        return _tell(made, forge, prepared)


def _tell(made: Company, forge: Forge, prepared: Prepared) -> Story:
    """Say what happens, in order; a preview's comment is kept as it is after it."""
    runs: dict[str, Run] = {}
    said: dict[str, str] = {}
    runner = Runner(made, forge)

    def preview(name: str, runner: Runner = runner) -> None:
        runs[name] = runner.run("preview.yml", "preview")
        said[name] = "\n\n".join(comment.body for comment in forge.reviews(BOT))

    preview("fork", Runner(made, forge, fork=True))
    assert forge.asked == []
    with made.replayed(prepared.preview):
        preview("first")
    made.change("example.se", "v=spf1 mx -all")
    preview("guarded")
    made.change("example.se")
    preview("locked", Runner(made, forge, {"FAIL_ON": "loosened,failed"}, {"PULUMI_CONFIG_PASSPHRASE": "another"}))
    runs["up"] = runner.run("up.yml", "up")
    runs["verified"] = runner.run("verify.yml", "verify")
    made.change("_dmarc.example.com", WEAKER)
    runs["wrong"] = runner.run("verify.yml", "verify")
    runs["drifted"] = runner.run("verify.yml", "drift")
    with made.replayed(UNCHANGED):
        runs["undrifted"] = runner.run("verify.yml", "drift")
    made.program("pulumi", BROKEN)
    preview("cut off")
    runs["refused"] = Runner(made, forge, token="nobody's").run("preview.yml", "preview")
    return made.story(forge, runs, said)


def test_the_first_preview_is_told_in_a_comment(story: Story) -> None:
    assert story.runs["first"].outcome == "success", story.runs["first"].log
    said = story.said["first"]
    assert said.startswith(f"{MARKER}\n")
    assert "**3 domains: 14 records will be added.**" in said
    assert f"_Of commit {COMMIT}, by [this run](https://github.example/acme/mail/actions/runs/42)._" in said


def test_the_run_shows_the_same(story: Story) -> None:
    assert story.runs["first"].summary == story.said["first"]


def test_every_preview_edits_the_one_comment(story: Story) -> None:
    assert len(story.reviews(BOT)) == 1
    assert story.methods().count("POST") == 1
    assert story.methods().count("PATCH") == 3


def test_nobody_elses_comment_is_edited(story: Story) -> None:
    assert [(one.author, one.body) for one in story.comments[: len(OTHERS)]] == OTHERS


def test_what_the_guard_stops_is_told_and_fails(story: Story) -> None:
    assert story.runs["guarded"].outcome == "failure"
    assert story.runs["guarded"].done["Comment"]
    assert "v=spf1 mx -all" in story.said["guarded"]
    assert "**Error**" in story.said["guarded"]


def test_a_preview_that_does_not_begin_is_told_and_fails(story: Story) -> None:
    assert story.runs["locked"].outcome == "failure"
    assert story.runs["locked"].done["Comment"]
    assert "incorrect passphrase" in story.said["locked"]


def test_a_preview_that_cannot_be_read_is_told_and_fails(story: Story) -> None:
    assert story.runs["cut off"].outcome == "failure"
    assert story.runs["cut off"].done["Comment"]
    assert story.said["cut off"].startswith(f"{MARKER}\n")
    assert "cut off" in story.said["cut off"]


def test_the_repositorys_gates_are_asked_for(story: Story) -> None:
    assert "review: failed (--fail-on)" in story.runs["locked"].log


def test_a_comment_that_is_refused_fails(story: Story) -> None:
    assert story.runs["refused"].outcome == "failure"
    assert story.runs["refused"].done["Comment"] is False
    assert "gh: 401 Unauthorized (HTTP 401)" in story.runs["refused"].log


def test_a_forks_pull_request_is_skipped(story: Story) -> None:
    assert story.runs["fork"].outcome == "skipped"
    assert story.said["fork"] == ""


def test_what_is_merged_is_published_and_verified(story: Story) -> None:
    assert story.runs["up"].outcome == "success", story.runs["up"].log
    assert "3 of 3 domains verified" in story.runs["up"].log
    assert "v=DMARC1; p=quarantine; adkim=r; aspf=r;" in story.published


def test_a_green_morning(story: Story) -> None:
    assert story.runs["verified"].outcome == "success", story.runs["verified"].log
    assert "::error" not in story.runs["verified"].log
    assert story.runs["undrifted"].outcome == "success", story.runs["undrifted"].log


def test_what_somebody_changed_is_an_annotation(story: Story) -> None:
    assert story.runs["wrong"].outcome == "failure"
    errors = [line for line in story.runs["wrong"].log.splitlines() if line.startswith("::error ")]
    assert len(errors) == 1
    assert "_dmarc.example.com" in errors[0]
    assert WEAKER in errors[0]


def test_what_somebody_changed_is_drift(story: Story) -> None:
    assert story.runs["drifted"].outcome == "failure"
    assert "mail-example.com-dmarc update" in story.runs["drifted"].log
    assert "\n::error title=Drift::prod is not what was published" in story.runs["drifted"].log


def test_no_secret_is_in_what_the_jobs_left(story: Story) -> None:
    assert len(story.left) > 100
    assert story.leaks() == []


def test_only_up_has_the_secrets_that_may_write() -> None:
    jobs = {(file, name): job for file in FILES for name, job in workflow(file)["jobs"].items()}
    assert {place for place, job in jobs.items() if job.get("environment")} == {("up.yml", "up")}
