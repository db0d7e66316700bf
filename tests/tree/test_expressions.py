"""What `grep` looks for: what `re` means by it, and an end to the time it takes."""

import re
import threading
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdfast.errors import InvalidPath, TooLarge
from holdfast.front.store import Store
from holdfast.tree import expressions
from holdfast.tree.expressions import Expression
from holdfast.tree.respelling import respelled
from holdfast.tree.walking import GlobPattern

#: goes through as many ways to match as there are sums of ones and twos
ENDLESS, TEXT = "(a|aa)+$", "a" * 80 + "b"
PIECES = [
    *"aAb1e{},()[]|*+?.^$-",
    r"\b",
    r"\d",
    r"\w",
    "(?:",
    "(?=",
    "(?<=",
    "{1,2}",
    "{,1}",
    "{e}",
    "{i<=1}",
    r"\{",
    "ß",
    "(?>",
    *(
        "[",
        "[^",
        "[[",
        "[]",
        "]",
        "--",
        "&&",
        "~~",
        "||",
        "[:alpha:]",
        "[[:alpha:]",
        "[:",
        ":]",
        "#",
        "\n",
        " ",
        "&",
        "~",
        ":",
    ),
    *(
        "(?x)",
        "(?x:",
        "(?-x:",
        "(?i:",
        "(?#",
        "(?P<a>",
        "(?P=a)",
        "(?(1)",
        "(?!",
        "(?<!",
        "++",
        "*+",
        "?+",
        r"\p{L}",
        r"\X",
    ),
    *(
        r"\N{DIGIT ONE}",
        r"\N{HYPHEN-MINUS}",
        r"\x41",
        r"\1",
        r"\Z",
        r"\A",
        r"\S",
        r"\W",
        r"\]",
        r"\[",
        r"\-",
        r"\G",
        r"\K",
    ),
]


def test_an_expression_without_an_end_is_given_up_and_names_itself(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expressions, "SECONDS_PER_FILE", 0.05)
    store.write("/quick.md", "aaa")
    store.write("/slow.md", f"aaa\n{TEXT}")
    found = store.grep(ENDLESS)
    assert [next(found).path, next(found).path] == ["/quick.md", "/slow.md"]
    with pytest.raises(TooLarge, match=r"\(a\|aa\)\+\$.* in line 2 of /slow.md") as refused:
        next(found)
    assert "plain text" in refused.value.remedy
    assert [match.line for match in store.grep("aab", "/slow.md")] == [2]


def test_many_slow_lines_of_a_file_have_no_more_time_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "SECONDS_PER_FILE", 0.2)
    # Each of them takes a part of what there is.
    lines = ["a" * 24 + "b"] * 10_000
    with pytest.raises(TooLarge):
        list(Expression(ENDLESS, ignore_case=False).matches(lines, "/slow.md"))


def test_other_threads_run_while_an_expression_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "SECONDS_PER_FILE", 1.0)
    begun, ended = threading.Event(), threading.Event()

    def look() -> None:
        begun.set()
        with pytest.raises(TooLarge):
            list(Expression(ENDLESS, ignore_case=False).matches([TEXT], "/slow.md"))
        ended.set()

    looking = threading.Thread(target=look)
    looking.start()
    assert begun.wait(30)
    assert not ended.is_set()
    looking.join()
    assert ended.is_set()


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.text("aAb1e{}ßsS,-[]&~|:#p \n", max_size=12),
    st.booleans(),
)
@settings(deadline=None, max_examples=300)
@example("[[:alpha:]]+", "aA]:]", False)
@example("[^\\S!\\s]+", "a! ", False)
@example("[^\\S\\X\\s]+", "a! ", False)
@example("[a||-]+", "|a-", False)
@example("[+--]+[a-z--9]+", "+,-.a/9", False)
@example("(?x)# [\n[a[:]+ #]", "a:[[", False)
@example("(?x:# [\n)#[a&&b]+", "#a&b", False)
@example("[^]--", "", False)
def test_an_expression_means_what_it_means_to_python(pattern: str, text: str, ignore_case: bool) -> None:
    try:
        with warnings.catch_warnings():
            # Of what may change one day Python warns; nobody who looks for it is to see that.
            warnings.simplefilter("ignore", FutureWarning)
            asked = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
        expected = [found.span() for found in asked.finditer(text)]
    except re.error:
        with pytest.raises(InvalidPath):
            Expression(pattern, ignore_case=ignore_case)
        return
    found = list(Expression(pattern, ignore_case=ignore_case).matches([text], "/a.md"))
    assert found == ([(1, [span for span in expected if span[0] < span[1]])] if expected else [])


@pytest.mark.parametrize("pattern", ["[a||b]", "[[a]", "[a&&b]", "[a~~b]", "[+--]", "[a||b]+", "[[:alpha:]]+"])
def test_nobody_is_warned_of_what_a_set_may_mean_one_day(store: Store, pattern: str) -> None:
    store.write("/a.md", "a]b|+")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [match.line for match in store.grep(pattern)] == [1]


@pytest.mark.parametrize("text", ["[", "[]", "(", "#", "(?x)#", "[a", "\\"])
def test_respelling_takes_no_longer_for_what_is_not_ended(text: str) -> None:
    assert respelled(text * 100_000)


def test_a_match_says_what_of_the_line_matched(store: Store) -> None:
    store.write("/a.md", "one lease, two leases")
    [match] = store.grep("leases?")
    assert [match.text[slice(*mark)] for mark in match.marks] == ["lease", "leases"]


def test_a_pattern_of_thousands_of_double_stars_is_as_quick_as_one(store: Store) -> None:
    pattern = GlobPattern("/**" * 3000 + "/x")
    assert len(pattern.start()) == len(GlobPattern("/**/x").start())
    store.write("/a/b/x", "here")
    assert list(store.glob("/**/**/**/x")) == ["/a/b/x"]
    assert list(store.glob("/a/**/**")) == ["/a/b", "/a/b/x"]
