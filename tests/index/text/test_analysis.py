import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.text import analysis
from holdfast.index.text.analysis import query_tokens, terms_for, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Locks are locked", "lock are lock"),
        ("HTTPServer2Go", "httpserver2go http server go"),
        ("lease_holder", "lease_hold leas holder"),
        ("FencingTokens", "fencingtoken fenc token"),
        ("sha256", "sha256 sha 256"),
        ("Überprüfung der Straße", "uberprufung der strass"),
        ("naïve cafe\u0301 ﬁnd ŁÓDŹ", "naiv cafe find lodz"),
        ("Блокировки ΣΊΣΥΦΟΣ", "блокировки σισυφοσ"),
        ("हिन्दी में", "हिन्दी में"),
        ("锁定", "锁 定 锁定"),
        ("ｆｕｌｌ", "full"),
        ("a锁b", "a 锁 b"),
        ("soft\u00adware", "softwar"),
        ("_ __ -- !", ""),
        ("don't", "don t"),
    ],
)
def test_text_gives_these_terms(text: str, expected: str) -> None:
    assert tokens(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("the FencingToken is checked", "fencing tokens"),
        ("lease_holder", "LeaseHolder"),
        ("数据库锁定机制说明", "锁定"),
        ("数据库锁定机制说明", "锁"),
        ("ระบบฐานข้อมูล", "ข้อมูล"),
        ("잠금을 해제한다", "잠금"),
        ("データベースのロック", "ロック"),
        ("Übergrößenträger", "ubergroßenträger"),
        ("q" * 500, "q" * 500),
    ],
)
def test_a_query_finds_the_text(text: str, query: str) -> None:
    assert set(query_tokens(query)) & set(tokens(text))


def test_a_query_for_characters_asks_for_pairs_only() -> None:
    assert query_tokens("锁定机") == ["锁定", "定机"]


def test_a_query_names_each_term_once_and_not_too_many() -> None:
    assert query_tokens("lock Lock locks") == ["lock"]
    assert len(query_tokens(" ".join(map(str, range(1000))))) == analysis.MAX_QUERY_TERMS
    assert query_tokens("?!") == []


def test_the_heading_is_searched_with_the_text() -> None:
    assert terms_for("Locks > Leases", "expire") == "lock leas expir"


def test_a_hash_is_not_split_into_its_letters() -> None:
    assert tokens("a1b2c3d4e5f6") == ["a1b2c3d4e5f6"]


@given(st.text(max_size=200))
def test_terms_are_words_without_spaces_and_the_same_every_time(text: str) -> None:
    found = tokens(text)
    assert found == tokens(text)
    assert terms_for("", text).split(" ") == (found or [""])


@given(st.text(max_size=40))
def test_a_text_is_found_by_itself(text: str) -> None:
    assert set(query_tokens(text)) <= set(tokens(text))


def test_remembered_words_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "CACHED_WORDS", 10)
    words = analysis.Words(lambda word: iter([word]))
    for number in range(100):
        assert words[str(number)] == str(number)
        assert len(words) <= 10
