"""Characters that nobody sees, and letters that look like others, by their positions."""

import pytest

from elastx_mrs.display import first_hidden
from elastx_mrs.records.lookalikes import composed, first_difference, hidden, mixed, same_to_people

IGNORABLE = (
    "00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0 FFF0-FFF8 "
    "1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"
)
r"""Default_Ignorable_Code_Point of Unicode 14.0.0, DerivedCoreProperties.txt, as Perl 5.36's ``\p{DI}`` has it."""


def test_every_default_ignorable_code_point_is_hidden() -> None:
    count = 0
    for part in IGNORABLE.split():
        first, _, last = part.partition("-")
        for code in range(int(first, 16), int(last or first, 16) + 1):
            count += 1
            assert first_hidden(f"a{chr(code)}") == 1, f"U+{code:04X}"
    assert count == 4174


@pytest.mark.parametrize("text", ["a", "ä", "日本", "e\u0301", "a b", "§", "😀", ""])
def test_visible_characters_are_not_hidden(text: str) -> None:
    assert first_hidden(text) is None
    assert hidden(text) is None


@pytest.mark.parametrize(
    ("text", "at"), [("a\u200bb", 2), ("\ufeffab", 1), ("ab\u00a0", 3), ("a\x00", 2), ("a\ud800", 2)]
)
def test_a_hidden_character_is_named_with_its_position(text: str, at: int) -> None:
    found = hidden(text)
    assert found is not None
    assert f"at position {at}, which is invisible" in found


def test_joiners_may_be_left_to_idna() -> None:
    assert hidden("a\u200db") is not None
    assert hidden("a\u200db", joiners=True) is None
    assert "position 3" in str(hidden("\u200c\u200d\u200b", joiners=True))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\u0430cme", "'\u0430' (U+0430) at position 1, a Cyrillic letter in a word with Latin ones"),
        ("smtp@\u0430cme.example", "at position 6, a Cyrillic"),
        ("p\u0430yp\u0430l", "at position 2, a Cyrillic"),
        ("g\u03bf\u03bfgle", "at position 2, a Greek"),
        ("\u0441\u03bf", "at position 2, a Greek letter in a word with Cyrillic ones"),
        ("scope-\u0430", "at position 7"),
        ("\U0001d41aname", "U+1D41A"),
    ],
)
def test_a_letter_of_another_script(text: str, place: str) -> None:
    assert place in str(mixed(text))


@pytest.mark.parametrize(
    "text",
    [
        "acme",
        "bücher",
        "пример",
        "παράδειγμα",
        "日本語カナひらがなABC",
        "漢字ㄅㄆabc",
        "한국漢字abc",
        "コーヒー",
        "々の",
        "пример.example",
        "x1\u0301",
        "",
    ],
)
def test_scripts_that_are_written_together(text: str) -> None:
    """UTS 39 §5.2: Highly Restrictive."""
    assert mixed(text) is None


def test_variants_of_one_text() -> None:
    assert same_to_people("A@x.se") == same_to_people("a@X.SE")
    assert same_to_people("e\u0301") == same_to_people("\u00c9")
    assert same_to_people("a") != same_to_people("b")
    assert composed("e\u0301") == "\u00e9"
    assert first_difference("abc", "abC") == 3
    assert first_difference("ab", "abc") == 3
