"""A question finds the document in its own language, whatever forms the words have, in stores of several."""

import pytest

from holdfast.front.store import Store
from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats
from holdfast.search.wording import as_words, wording

DOCUMENTS = {
    "de": (
        "Die Häuser am See werden im Herbst verkauft, und die Verträge sind schon geschrieben.",
        "Vertrag für ein Haus",
    ),
    "fr": (
        "Les locataires ont été prévenus que la chaudière sera remplacée dans les jours qui viennent.",
        "remplacement de la chaudière",
    ),
    "es": (
        "Los usuarios que no han pagado las facturas no pueden entrar en el edificio por la noche.",
        "usuario sin factura",
    ),
    "ru": (
        "Книги из библиотеки нужно вернуть до конца недели, и не все они были найдены.",
        "вернул книгу",
    ),
    "it": (
        "Le biciclette che sono nel cortile devono essere spostate perché ci sono i lavori.",
        "spostare la bicicletta",
    ),
    "fi": (
        "Talojen katot on korjattu, ja asukkaat ovat palanneet koteihinsa kun se oli tehty.",
        "talo katto",
    ),
    "tr": (
        "Evlerin anahtarları bir kutuda duruyor ve bu kutu çok eski ama hâlâ sağlam.",
        "ev anahtarı",
    ),
}
OTHERS = {
    "en": (
        "The tenants of the houses were told that the books are in the library.",
        "tenant library",
    ),
    "ja": (
        "図書館の本は週末までに返却してください。",
        "本の返却",
    ),
    "th": (
        "กรุณาส่งคืนหนังสือภายในสุดสัปดาห์นี้",
        "คืนหนังสือ",
    ),
    "zh": (
        "请在周末之前归还图书馆的书。",
        "归还图书",
    ),
    "uk": (
        "Ключі від будинку лежать у шухляді, і про це знає тільки він та його брат.",
        "ключі будинку",
    ),
}


@pytest.fixture
def store_of_many(store: Store) -> Store:
    """Return a store with a document of each language."""
    with store.transaction() as tx:
        for language, (text, _) in (DOCUMENTS | OTHERS).items():
            tx.write(f"/{language}.md", text)
    return store


@pytest.mark.parametrize("is_folded", [False, True])
def test_each_question_finds_the_document_of_its_language(store_of_many: Store, is_folded: bool) -> None:
    if is_folded:
        store_of_many.maintenance.optimize()
    for language, (_, question) in (DOCUMENTS | OTHERS).items():
        hits = store_of_many.search(question, mode="text")
        assert [hit.path for hit in hits][:1] == [f"/{language}.md"], question
        assert hits[0].marks, question
        assert store_of_many.search(question, limit=1)[0].path == f"/{language}.md", question


def test_a_hit_tells_the_language_it_was_read_in(store_of_many: Store) -> None:
    for language, (_, question) in DOCUMENTS.items():
        assert store_of_many.search(question, mode="text")[0].language == language
    assert {hit.language for hit in store_of_many.search("tenant library", mode="text")} == {"en"}


def test_identifiers_are_found_in_every_language(store: Store) -> None:
    store.write("/de.md", "Die Verbindungen werden mit max_connections und HTTPServer in der Datei festgelegt.")
    store.write("/ru.md", "Это можно задать с помощью requests и max_connections, если он не запущен.")
    for query in ("max_connections", "max connections", "HTTPServer", "http server"):
        assert "/de.md" in {hit.path for hit in store.search(query, mode="text")}, query
    assert [hit.path for hit in store.search("request", mode="text")] == ["/ru.md"]


def test_only_the_languages_of_the_store_are_asked(store: Store) -> None:
    store.write("/en.md", "The houses are sold.")
    assert store.explain("Häuser").terms == ["hauser"]
    store.write("/de.md", DOCUMENTS["de"][0])
    assert store.explain("Häuser").terms == ["hauser", "haus:de"]
    # The small words of a question whose language can be told are not asked.
    assert store.explain("wo sind die Verträge").terms == ["vertrag", "vertrag:de"]


def test_a_small_word_does_not_bring_the_languages_in_which_it_is_none(store: Store) -> None:
    for number in range(8):
        store.write(
            f"/es{number}.md", f"El modelo de datos {number} es la base de una respuesta con los campos del perfil."
        )
        store.write(f"/en{number}.md", f"A house with a garden, and the {number} cats that live there.")
    store.write(
        "/en.md", "Antoine de Fontenay, Luc de Vries and the house of Jean de Brunhoff, model railways of that."
    )
    store.maintenance.optimize()
    assert wording("modelo de respuesta", ["es"]).words[1] == ("de", "de:es")
    assert all(hit.path.startswith("/es") for hit in store.search("modelo de respuesta", mode="text", limit=8))
    # Where the language of a question can be told, its small words tell no more.
    assert "de:es" not in store.explain("cómo se hace el modelo de una respuesta").terms


def test_a_word_counts_once_however_many_languages_have_it() -> None:
    stats = CorpusStats(100, 1000, {"sperren": 0, "sperr:de": 4, "lock": 9})
    alone = wording("Sperren").most(CorpusStats(100, 1000, {"sperren": 4}))
    asked = wording("Sperren", ["de"])
    assert asked.most(stats) == pytest.approx(alone)
    assert as_words(stats, asked.words).frequencies == {"sperren": 4, "sperr:de": 4, "lock": 9}
    assert wording("Sperren", ["de", "fi"]).looked_for == ["sperren", "sperr:de", "sper:fi"]
    assert wording("often nowhere").most(CorpusStats(100, 1000, {"often": 50})) == pytest.approx(
        (bm25.idf(100, 50) + bm25.idf(100, 0)) * (bm25.K1 + 1)
    )


def test_the_same_words_weigh_the_same_in_every_language(store: Store) -> None:
    for number in range(8):
        store.write(f"/{number}.md", f"The server is down for the night, number {number}.")
    store.write("/de.md", "Der Server ist in der Nacht nicht zu erreichen, und das Telefon auch nicht.")
    store.maintenance.optimize()
    scores = {hit.language: hit.score for hit in store.search("server", mode="text", limit=20)}
    assert scores["en"] > scores["de"] > 0
