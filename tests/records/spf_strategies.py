"""SPF records by the grammar of RFC 7208 §12, and records that are nearly so, for hypothesis."""

from hypothesis import strategies as st

QUALIFIERS = st.sampled_from(["", "", "+", "-", "~", "?"])
LABELS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,8}[a-z0-9_])?", fullmatch=True)
TOP_LABELS = st.one_of(
    st.from_regex(r"[a-z0-9]{0,3}[a-z][a-z0-9]{0,3}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,3}-[a-z0-9-]{0,3}[a-z0-9]", fullmatch=True),
)
DELIMITERS = st.text(".-+,/_=", max_size=3)


def _macro(letter: str, digits: str, reverse: str, delimiters: str) -> str:
    return f"%{{{letter}{digits}{reverse}{delimiters}}}"


MACROS = st.one_of(
    st.sampled_from(["%%", "%_", "%-"]),
    st.builds(
        _macro,
        st.sampled_from("slodiphvSLODIPHV"),
        st.sampled_from(["", "", "1", "2", "12", "128"]),
        st.sampled_from(["", "r", "R"]),
        DELIMITERS,
    ),
)
NAMES = st.builds(
    lambda labels, top, dot: ".".join([*labels, top]) + dot,
    st.lists(LABELS, min_size=1, max_size=3),
    TOP_LABELS,
    st.sampled_from(["", "", "."]),
)
DOMAIN_SPECS = st.one_of(
    NAMES,
    NAMES,
    st.builds(lambda macros, name: "".join(macros) + "." + name, st.lists(MACROS, min_size=1, max_size=2), NAMES),
    st.builds(lambda head, macro: head + macro, st.from_regex(r"[a-z]{0,3}\.?", fullmatch=True), MACROS),
)
DUAL_LENGTHS = st.builds(
    lambda four, six: four + six,
    st.one_of(st.just(""), st.integers(0, 32).map(lambda n: f"/{n}")),
    st.one_of(st.just(""), st.integers(0, 128).map(lambda n: f"//{n}")),
)


def _with(names: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    cased = st.sampled_from([form for name in names.split() for form in (name, name.upper(), name.title())])
    return st.tuples(QUALIFIERS, cased, *parts).map("".join)


def _domain(name: str, after: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(_with(name, after), _with(name, st.just(":"), DOMAIN_SPECS, after))


MECHANISMS = st.one_of(
    _with("all"),
    _with("include exists", st.just(":"), DOMAIN_SPECS),
    _domain("a mx", DUAL_LENGTHS),
    _domain("ptr", st.just("")),
    _with("ip4", st.just(":"), st.ip_addresses(v=4).map(str), st.integers(0, 32).map(lambda n: f"/{n}")),
    _with("ip4", st.just(":"), st.ip_addresses(v=4).map(str)),
    _with("ip6", st.just(":"), st.ip_addresses(v=6).map(str), st.integers(0, 128).map(lambda n: f"/{n}")),
    _with("ip6", st.just(":"), st.ip_addresses(v=6).map(lambda address: address.exploded)),
)
UNKNOWN = st.builds(
    lambda name, value: f"{name}={value}",
    st.from_regex(r"[a-z][a-z0-9._-]{0,5}", fullmatch=True).filter(lambda name: name not in ("redirect", "exp")),
    st.lists(st.one_of(MACROS, st.from_regex(r"[!-$&-~]{0,6}", fullmatch=True)), max_size=2).map("".join),
)


def _modifiers(redirect: str | None, exp: str | None) -> list[str]:
    return [*([f"redirect={redirect}"] if redirect else []), *([f"exp={exp}"] if exp else [])]


MODIFIERS = st.builds(_modifiers, st.none() | DOMAIN_SPECS, st.none() | DOMAIN_SPECS)


@st.composite
def records(draw: st.DrawFn) -> str:
    """Return a record by the grammar."""
    terms = draw(st.lists(st.one_of(MECHANISMS, MECHANISMS, UNKNOWN), max_size=5))
    terms = draw(st.permutations([*terms, *draw(MODIFIERS)]))
    spaces = draw(st.sampled_from([" ", " ", "  "]))
    return draw(st.sampled_from(["v=spf1", "V=SPF1"])) + "".join(f"{spaces}{term}" for term in terms)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Return a record with a few characters put in, taken out, or changed."""
    text = draw(records())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(7, max(7, len(text))))
        put = draw(st.text("./:=%{}+-~?0129a rRzi,", max_size=2))
        text = text[:place] + put + text[place + draw(st.integers(0, 2)) :]
    return text
