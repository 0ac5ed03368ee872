"""GitLab's pipeline on the real engine against the lab: which jobs a pipeline has, and what they do."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.gitops import comments
from tests.gitops.comments import Forge
from tests.gitops.github import MARKER
from tests.gitops.gitlab import COMMIT, JOB, Runner, jobs_of
from tests.gitops.scene import PASSPHRASE, TOKEN, Company, Run, company

pytestmark = pytest.mark.engine

BOT = "project_5_bot"
WEAKER = "v=DMARC1; p=none;"


@dataclass
class Story:
    """What happened, in order; a preview's note as it was after it."""

    company: Company
    forge: Forge
    runs: dict[str, Run]
    said: dict[str, str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with company(tmp_path_factory.mktemp("gitlab")) as made, comments.gitlab({TOKEN: BOT}) as forge:
        told = Story(made, forge, {}, {})
        forge.add("quoting", f"It said:\n{MARKER}\nand I agree.")
        forge.add("pretending", f"{MARKER}\n\n**No mail record changes.**")
        forge.add(BOT, f"Of another job:\n{MARKER}")
        for number in range(100):
            forge.add("talkative", f"note {number}")
        _tell(told)
        yield told


def _tell(story: Story) -> None:
    made, forge = story.company, story.forge

    def preview(name: str, **variables: str) -> None:
        story.runs[name] = Runner(made, forge, variables).run("merge request", "preview")
        story.said[name] = "\n\n".join(comment.body for comment in forge.reviews(BOT))

    runner = Runner(made, forge)
    preview("first")
    preview("locked", PULUMI_CONFIG_PASSPHRASE="another", FAIL_ON="loosened,failed")
    story.runs["up"] = runner.run("main", "up")
    story.runs["verified"] = runner.run("schedule", "verify")
    made.change("_dmarc.example.com", WEAKER)
    story.runs["wrong"] = runner.run("schedule", "verify")
    story.runs["drifted"] = runner.run("schedule", "drift")
    made.program("pulumi", "#!/bin/sh\necho '{\"steps\": ['\n")
    preview("cut off")
    story.runs["refused"] = Runner(made, forge, {"REVIEW_TOKEN": "nobody's"}).run("merge request", "preview")


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
    assert "**3 domains: 14 records added.**" in said
    assert said.endswith(f"_Of commit {COMMIT}, by [this job]({JOB})._\n")


def test_every_preview_edits_the_one_note_also_behind_a_hundred_others(story: Story) -> None:
    assert len(story.forge.reviews(BOT)) == 1
    assert [method for method, _ in story.forge.asked].count("POST") == 1
    assert [method for method, _ in story.forge.asked].count("PUT") == 2


def test_nobody_elses_note_is_edited(story: Story) -> None:
    assert story.forge.comments[0].body == f"It said:\n{MARKER}\nand I agree."
    assert story.forge.comments[1].body == f"{MARKER}\n\n**No mail record changes.**"
    assert story.forge.comments[2].body == f"Of another job:\n{MARKER}"


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
    assert "v=DMARC1; p=quarantine; adkim=r; aspf=r;" in story.company.txt("_dmarc.example.se")


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


def test_what_somebody_changed_is_drift(story: Story) -> None:
    assert story.runs["drifted"].outcome == "failure"
    assert "mail-example.com-dmarc update" in story.runs["drifted"].log


def test_no_secret_is_in_what_the_jobs_left(story: Story) -> None:
    left = story.company.left() | {f"note {one.id}": one.body for one in story.forge.comments}
    assert len(left) > 100
    for secret in (PASSPHRASE, TOKEN, story.company.lab.key):
        assert [name for name, text in left.items() if secret in text] == []
