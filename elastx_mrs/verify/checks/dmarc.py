"""Which DMARC policy do receivers find (RFC 9989 §4.10), and do the hosts in it accept reports (RFC 9990 §4)?"""

import asyncio
from collections.abc import Iterator

from elastx_mrs import limits
from elastx_mrs.display import quoted
from elastx_mrs.lookup import budget
from elastx_mrs.receiver.dmarc import Step, Walk, walk
from elastx_mrs.records import RecordError, report
from elastx_mrs.records.dmarc_policy import is_dmarc, skipped
from elastx_mrs.records.names import owner_name
from elastx_mrs.verify.checks.per_server import RESTORE, listed, nothing
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome, Verdict
from elastx_mrs.verify.sources import Asked

POLICY, REPORTS = "dmarc-policy", "reports"
WANTED = "a DMARC policy that receivers find"
_SEE = "check why the name servers"


async def dmarc(asked: Asked, expected: Expected) -> list[Outcome]:
    """Find the policy that applies, and check that the receivers of its reports accept them."""
    domain, name = expected.domain, expected.policy_name
    walked = await walk(asked.vantage.ask_uncached, domain)
    detail = _fault(walked, expected, asked)
    step = walked.found
    if detail is not None or step is None:
        details = (detail,) if detail is not None else ()
        unknown = Detail("unchecked", "", "", "the DMARC policy is not known", "")
        return [Outcome(domain, POLICY, name, details), Outcome(domain, REPORTS, name, (unknown,))]
    tag, value = walked.tag(exists=True) or ("p", "none")
    seen = f"{tag}={value} from _dmarc.{step.domain}"
    notices = tuple(_notices(walked, step, seen))
    return [Outcome(domain, POLICY, name, (), seen, notices), await _reports(asked, expected, step)]


def _fault(walked: Walk, expected: Expected, asked: Asked) -> Detail | None:
    own = walked.steps[0]
    if own.status == "several":
        seen = f"several, and receivers discard all of them: {own.text}{_instead(walked)}"
        return Detail("wrong", "", WANTED, seen, "leave one of them")
    if (step := walked.unknown) is not None:
        seen = f"{step.name}: {step.text}"
        verdict: Verdict = "unreachable" if step.domain == walked.domain else asked.cannot_ask(over=step.over)
        return Detail(
            verdict, "", WANTED, seen, "check why its name servers do not answer; until then, receivers defer mail"
        )
    if walked.void is not None:
        return _void(walked.void, own)
    if walked.found is None:
        cure = "publish one, such as v=DMARC1; p=quarantine;"
        others = "".join(f"; {step.name} has several, and receivers discard all of them" for step in walked.discarded)
        return Detail("absent", "", WANTED, f"none, up to the root{others}", cure)
    if expected.of_kind("dmarc") is not None and walked.found.domain != expected.domain:
        seen = f"the one of {walked.found.domain}: '{walked.found.text}'"
        return Detail("wrong", "", f"the declared policy at {expected.policy_name}", seen, f"publish it ({RESTORE})")
    return None


def _instead(walked: Walk) -> str:
    """Return which record applies if a domain's own records are discarded."""
    if walked.unknown is not None:
        return ""
    if walked.found is not None:
        return f"; '{walked.found.text}' of {walked.found.name} applies instead"
    return "; none applies instead"


def _void(step: Step, own: Step) -> Detail:
    """Return that the record is void: receivers apply no DMARC, and do not look further up (RFC 9989 §4.10.1)."""
    seen = f"'{step.text}' at {step.name}, which {step.why}: receivers apply no DMARC"
    cure = "correct this record, such as to v=DMARC1; p=quarantine;"
    if step.domain != own.domain:
        cure = f"publish one at {own.name}, or have the one of {step.domain} corrected"
    return Detail("wrong", "", WANTED, seen, cure)


def _notices(walked: Walk, step: Step, seen: str) -> Iterator[str]:
    if step.domain != walked.domain:
        yield f"{walked.domain} has no record of its own: {seen} applies"
    yield from (f"{other.name} has several records, which receivers discard" for other in walked.discarded)
    yield from (f"{step.name}: {said}" for said in skipped(step.text))


async def _reports(asked: Asked, expected: Expected, step: Step) -> Outcome:
    hosts = list(dict.fromkeys(report.hosts(step.text)))
    details = [
        detail for detail in await asyncio.gather(*(_authorised(asked, step.domain, host) for host in hosts)) if detail
    ]
    notices = [
        f"no reports go to {quoted(uri)}: receivers send them only by mail; replace it with mailto:…"
        for uri in report.unreached(step.text)
    ]
    seen = (
        f"accepted by {', '.join(hosts)}" if hosts else "nobody gets reports" if notices else "no reports are requested"
    )
    hopeless = "others must publish that they accept reports" if details else ""
    if any(detail.verdict == "unreachable" for detail in details):
        hopeless = ""
    return Outcome(expected.domain, REPORTS, expected.policy_name, tuple(details), seen, tuple(notices), hopeless)


async def _authorised(asked: Asked, policy_domain: str, host: str) -> Detail | None:
    """Return why reports about a domain will not be sent to a host. A wildcard there counts like a record."""
    if f".{host}".endswith(f".{policy_domain}") or f".{policy_domain}".endswith(f".{host}"):
        return None  # one contains the other, so receivers do not check (§4)
    what = f"checking whether {host} accepts reports"
    with budget.budget(what, limits.REPORT_SECONDS.most, limits.REPORT_QUERIES.most):
        return await _taken(asked, policy_domain, host)


async def _taken(asked: Asked, policy_domain: str, host: str) -> Detail | None:
    ask = asked.vantage.ask_uncached
    ours, theirs = await asyncio.gather(walk(ask, policy_domain), walk(ask, host))
    failed = ours.failed or theirs.failed
    if failed is None and ours.organizational_domain == theirs.organizational_domain:
        return None
    try:
        name = owner_name(f"{policy_domain}._report._dmarc", host)
    except RecordError as error:
        return Detail("wrong", "", "", f"{host} {error}", "use another address for the reports")
    wanted = f"v=DMARC1; at {name}, with which {host} accepts reports about {policy_domain}"
    answer = await ask(name, "TXT")
    if answer.status == "failed":
        return Detail(asked.cannot_ask(over=answer.over), "", wanted, answer.problem, f"{_SEE} of {host} do not answer")
    if any(is_dmarc(text) for text in answer.texts()):
        return None
    if failed is not None:  # it may be the same organisation, where receivers do not check
        seen = f"{failed.name}: {failed.text}"
        return Detail(asked.cannot_ask(over=failed.over), "", wanted, seen, f"{_SEE} of {failed.domain} do not answer")
    texts = answer.texts()
    cure = f"ask {host} to publish it, or remove it from rua and ruf: until then, receivers send it no reports"
    return Detail("wrong" if texts else "absent", "", wanted, listed(texts) or nothing(answer), cure)
