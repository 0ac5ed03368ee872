"""GitLab's pipeline against the lab: which jobs a pipeline has, and what they do; its ``up`` is the real engine's."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.gitops import comments
from tests.gitops.comments import Forge
from tests.gitops.github import MARKER
from tests.gitops.gitlab import COMMIT, JOB, Runner, jobs_of
from tests.gitops.scene import DRIFTED, TOKEN, UNCHANGED, Company, Prepared, Run, Story, company
from tests.once import once

pytestmark = pytest.mark.engine

BOT = "project_5_bot"
WEAKER = "v=DMARC1; p=none;"


OTHERS = [
    ("quoting", f"It said:\n{MARKER}\nand I agree."),
    ("pretending", f"{MARKER}\n\n**No mail record will change.**"),
    (BOT, f"Of another job:\n{MARKER}"),
]
"""Notes that are no review of this job's."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Story:
    return once(tmp_path_factory, "gitlab", lambda folder: told(folder, prepared))


def told(folder: Path, prepared: Prepared) -> Story:
    with company(folder, prepared) as made, comments.gitlab({TOKEN: BOT}) as forge:
        forge.crowd(OTHERS)
        return _tell(made, forge, prepared)


def _tell(made: Company, forge: Forge, prepared: Prepared) -> Story:
    """Say what happens, in order; a preview's note is kept as it is after it."""
    runs: dict[str, Run] = {}
    said: dict[str, str] = {}
    runner = Runner(made, forge)

    def preview(name: str, **variables: str) -> None:
        runs[name] = Runner(made, forge, variables).run("merge request", "preview")
        said[name] = "\n\n".join(comment.body for comment in forge.reviews(BOT))

    with made.replayed(prepared.preview):
        preview("first")
    preview("locked", PULUMI_CONFIG_PASSPHRASE="another", FAIL_ON="loosened,failed")
    runs["up"] = runner.run("main", "up")
    runs["verified"] = runner.run("schedule", "verify")
    with made.replayed(UNCHANGED):
        runs["undrifted"] = runner.run("schedule", "drift")
    made.change("_dmarc.example.com", WEAKER)
    runs["wrong"] = runner.run("schedule", "verify")
    with made.replayed(DRIFTED):
        runs["drifted"] = runner.run("schedule", "drift")
    made.program("pulumi", "#!/bin/sh\necho '{\"steps\": ['\n")
    preview("cut off")
    runs["refused"] = Runner(made, forge, {"REVIEW_TOKEN": "nobody's"}).run("merge request", "preview")
    return made.story(forge, runs, said)


@pytest.mark.parametrize(
    ("source", "jobs"),
    [
        ("merge request", {"preview"}),
        ("fork", set()),
        ("branch", set()),
        ("main", {"up"}),
        ("schedule", {"verify", "drift"}),
    ],
)
def test_a_pipeline_has_the_jobs_of_its_kind(source: str, jobs: set[str]) -> None:
    assert jobs_of(source) == jobs


def test_the_first_preview_is_told_in_a_note(story: Story) -> None:
    assert story.runs["first"].outcome == "success", story.runs["first"].log
    said = story.said["first"]
    assert said.startswith(f"{MARKER}\n")
    assert "**3 domains: 14 records will be added.**" in said
    assert said.endswith(f"_Of commit {COMMIT}, by [this job]({JOB})._\n")


def test_every_preview_edits_the_one_note_also_behind_a_hundred_others(story: Story) -> None:
    assert len(story.reviews(BOT)) == 1
    assert story.methods().count("POST") == 1
    assert story.methods().count("PUT") == 2


def test_nobody_elses_note_is_edited(story: Story) -> None:
    assert [(one.author, one.body) for one in story.comments[: len(OTHERS)]] == OTHERS


def test_a_preview_that_does_not_begin_is_told_and_fails(story: Story) -> None:
    assert story.runs["locked"].outcome == "failure"
    assert "incorrect passphrase" in story.said["locked"]
    assert "review: failed (--fail-on)" in story.runs["locked"].log


def test_a_preview_that_cannot_be_read_is_told_and_fails(story: Story) -> None:
    assert story.runs["cut off"].outcome == "failure"
    assert story.said["cut off"].startswith(f"{MARKER}\n")
    assert "cut off" in story.said["cut off"]


def test_a_note_that_is_refused_fails(story: Story) -> None:
    assert story.runs["refused"].outcome == "failure"
    assert "401" in story.runs["refused"].log


def test_what_is_merged_is_published_and_verified(story: Story) -> None:
    assert story.runs["up"].outcome == "success", story.runs["up"].log
    assert "3 of 3 domains verified" in story.runs["up"].log
    assert "v=DMARC1; p=quarantine; adkim=r; aspf=r;" in story.published


def report(run: Run) -> dict[str, str]:
    """The failed test cases of the JUnit report that the job leaves, with what they say."""
    root = ElementTree.parse(run.workspace / "verification.xml").getroot()  # noqa: S314  our own
    assert root.tag == "testsuites"
    cases = {f"{case.get('classname')} {case.get('name')}": case.find("failure") for case in root.iter("testcase")}
    assert len(cases) > 30
    return {name: failure.get("message", "") for name, failure in cases.items() if failure is not None}


def test_a_green_verification_leaves_a_report(story: Story) -> None:
    assert story.runs["verified"].outcome == "success", story.runs["verified"].log
    assert report(story.runs["verified"]) == {}


def test_what_somebody_changed_is_a_failed_test_in_the_report(story: Story) -> None:
    assert story.runs["wrong"].outcome == "failure"
    failed = report(story.runs["wrong"])
    assert list(failed) == ["example.com dmarc"]
    assert WEAKER in failed["example.com dmarc"]


def test_what_is_as_it_was_published_is_no_drift(story: Story) -> None:
    assert story.runs["undrifted"].outcome == "success", story.runs["undrifted"].log


def test_what_somebody_changed_is_drift(story: Story) -> None:
    assert story.runs["drifted"].outcome == "failure"
    assert "mail-example.com-dmarc update" in story.runs["drifted"].log


def test_no_secret_is_in_what_the_jobs_left(story: Story) -> None:
    assert len(story.left) > 100
    assert story.leaks() == []
