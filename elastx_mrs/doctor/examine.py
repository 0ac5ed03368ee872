"""All examinations of a stack, in parallel, each with a time limit."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from elastx_mrs import fault, limits, secrecy
from elastx_mrs.check import Check
from elastx_mrs.config.environment import secrets
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.remarks import TICKET
from elastx_mrs.doctor import network, program
from elastx_mrs.doctor.stack import Stack
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.lookup.aside import aside
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.progress import Progress
from elastx_mrs.publish.examination import Examination, Subject
from elastx_mrs.verify import plan

AT_ONCE = 16
"""The most examinations that run in parallel; each has a thread."""


def examinations(stack: Stack) -> list[Examination]:
    """Return all examinations of a stack, in the order of their output."""
    arguments = stack.arguments
    found = [Examination("pulumi", partial(program.pulumi, stack), "find out why pulumi version hangs")]
    if stack.language == "python":
        found.append(Examination("packages", partial(program.packages, stack, _extras(arguments)), "run it again"))
    else:
        found.append(Examination("plugin", partial(program.plugin, stack), "run it again"))
    found += _of_dns(stack)
    if not arguments.publishers:
        found.append(Examination("publisher", lambda: [_without_publisher(arguments)], ""))
    looked_for = frozenset(domain for domain, there in arguments.publishers_by_domain.items() if not there)
    for provider, settings in arguments.publishers:
        own = arguments.perhaps_for(provider.name)
        subject = Subject(settings, own, stack.get, stack.hidden, stack.environment, stack.site, looked_for)
        found += provider.examinations(subject)
    return found


def _without_publisher(arguments: Arguments) -> Check:
    if arguments.published:
        seen = "the config names no publisher, so the program must name one"
        return Check("publisher", "unchecked", "a publisher", seen)
    seen = f"nothing is published from here, because every domain has external: true; for the records, run: {TICKET}"
    return Check("publisher", "pass", "a publisher, or external: true", seen)


def _extras(arguments: Arguments) -> list[str]:
    """Return the extras of elastx-mrs that a stack needs."""
    https = any(
        resolver.startswith("https:")
        for settings in plan.settings(arguments).values()
        for resolver in settings.resolvers or ()
    )
    named = [provider.extra for provider, _ in arguments.publishers if provider.extra]
    return sorted({*named, *(["doh"] if https else [])})


def _of_dns(stack: Stack) -> Iterator[Examination]:
    """Yield an examination for each different set of servers to query."""
    wishes: dict[Who, str] = {}
    late = "check the network of this machine"
    for domain, settings in plan.settings(stack.arguments).items():
        try:
            wishes.setdefault(plan.who(settings, stack.run), domain)
        except NotInstalledError:
            continue  # the check of the packages reports it
    most = limits.DOCTOR_WISHES.most
    for who, domain in list(wishes.items())[:most]:
        yield Examination("port-53-udp", partial(network.examine, who, domain), late)
    if len(wishes) > most:
        seen = f"{len(wishes) - most} further verification settings, of other domains, were not examined"
        yield Examination("dns", lambda: [Check("dns", "unchecked", "all settings of verification", seen)], late)


def secrets_of(stack: Stack) -> list[str]:
    """Return the secrets in a stack's config and in the environment."""
    providers = stack.arguments.providers
    keys = [f"{NAMESPACE}:{key.name}" for one in providers for key in one.stack_keys if key.kind != "names"]
    keys += [key for one in providers for key in one.open_secrets]
    values = [stack.values.get(key) for key in keys]
    texts = [text for value in values for text in (value.values() if isinstance(value, dict) else [value])]
    found = [*secrets(stack.environment), *(text for text in texts if isinstance(text, str))]
    return [secret for secret in found if len(secret) >= secrecy.SHORTEST]


async def examined(
    found: Sequence[Examination], known: Sequence[str], progress: Progress, show: Callable[[Check], None]
) -> list[Check]:
    """Run examinations in parallel, and show their checks in order, each as soon as all checks before it are shown.

    :param known: secrets that no check may repeat.
    """
    places = asyncio.Semaphore(AT_ONCE)

    async def one(examination: Examination) -> list[Check]:
        async with places:
            return await progress.wait(examination.name, _bounded(examination))

    tasks = [asyncio.create_task(one(examination)) for examination in found]
    done: list[Check] = []
    for task in tasks:
        for check in await task:
            done.append(_silent(check, known))
            show(done[-1])
    return done


async def _bounded(examination: Examination) -> list[Check]:
    """Return an examination's checks; after the time limit, those that it yielded so far."""
    checks: list[Check] = []

    def work() -> None:
        for check in examination.work():
            checks.append(check)

    try:
        async with asyncio.timeout(limits.DOCTOR_SECONDS.most):
            await asyncio.wrap_future(aside(work))
    except TimeoutError:
        seen = f"no answer in {limits.DOCTOR_SECONDS.text}"
        return [*checks, Check(examination.name, "unreachable", "an answer", seen, examination.late)]
    except Exception as error:  # an error in one examination does not hide the others
        seen = fault.contained(error)
        return [*checks, Check(examination.name, "unreachable", "a completed check", seen, fault.CURE)]
    return list(checks)


def _silent(check: Check, known: Sequence[str]) -> Check:
    """Return a check, without its text if that repeats a secret."""
    texts = (check.seen, check.cure, *check.notices)
    if not any(secrecy.holds(text, secret) for text in texts for secret in known):
        return check
    return Check(check.name, check.verdict, check.expected, "hidden, because it repeats a secret")
