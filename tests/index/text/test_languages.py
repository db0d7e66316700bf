"""The language of a text is told by its small words, and not guessed."""

import pytest

from bench.sets.everyday import EVERYDAY
from bench.sets.notes import NOTES
from holdfast.index.text.analysis import language_in, query_tokens, terms_for, tokens
from holdfast.index.text.languages import STEMMERS, known_language, language_of
from holdfast.index.text.small_words import SMALL_WORDS

SAID = {
    "ca": "El servidor no pot obrir els fitxers que són a la carpeta, però també es poden llegir amb una altra eina.",
    "cs": "Když je soubor uložen, může být otevřen jen tím, kdo má klíč, a to pouze podle pravidel.",
    "da": "Hvis der ikke er nogen fil, bliver den lavet, når du åbner mappen med det nye program.",
    "de": "Wenn die Datei nicht gefunden wird, legt das Programm sie an und schreibt in das Protokoll.",
    "el": "Το αρχείο δεν είναι στον φάκελο.",
    "en": "If the file is not there, it is made when you open the folder.",
    "es": "Si el archivo no está en la carpeta, el programa lo crea cuando se abre por primera vez.",
    "et": "Kui faili ei ole, siis see tehakse, kui kaust on avatud ja võti on olemas.",
    "fi": "Jos tiedosto ei ole kansiossa, se tehdään kun ohjelma avataan ja käyttäjä on kirjautunut.",
    "fr": "Si le fichier n'est pas dans le dossier, il est créé quand vous ouvrez le programme pour la première fois.",
    "hu": "Ha a fájl nem található, akkor a program létrehozza, és ezt a naplóba is leírja.",
    "id": "Jika berkas itu tidak ada, program akan membuatnya ketika folder dibuka untuk pertama kali.",
    "it": "Se il file non è nella cartella, viene creato quando si apre il programma per la prima volta.",
    "nl": "Als het bestand er niet is, wordt het gemaakt wanneer je de map voor het eerst opent.",
    "no": "Hvis filen ikke finnes, blir den laget av programmet etter at noen åpner mappen.",
    "pl": "Jeśli nie ma pliku, to jest on tworzony, gdy otwiera się katalog po raz pierwszy.",
    "pt": "Se o arquivo não está na pasta, ele é criado quando você abre o programa pela primeira vez.",
    "ro": "Dacă fișierul nu este în dosar, el este creat când se deschide programul pentru prima dată.",
    "ru": "Если файла нет в папке, он создаётся, когда вы открываете программу в первый раз.",
    "sv": "Om filen inte finns skapas den när du öppnar mappen med det nya programmet för första gången.",
    "ta": "கோப்பு கோப்புறையில் இல்லை என்றால் அது உருவாக்கப்படும்.",
    "tr": "Dosya klasörde yok ise, program bir kez daha açıldığında onu oluşturur ve bu çok sürmez.",
    "uk": "Якщо файлу немає, то він буде створений, коли ви відкриєте теку, і це не довго.",
}


@pytest.mark.parametrize("language", SAID)
def test_the_language_of_a_sentence_is_told(language: str) -> None:
    assert known_language(SAID[language]) == language


@pytest.mark.parametrize("text", ["", "lock", "12 3.4", "def main(argv): return 0", "HTTP GET /index.html", "鍵はどこ"])
def test_nothing_is_said_of_a_text_without_small_words(text: str) -> None:
    assert known_language(text) is None
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Définir le code d'état de la réponse", None),
        ("La simplicité du système d’injection de dépendances est compatible avec les bases de données.", "fr"),
        ("Come si apre l'archivio dell'utente", "it"),
        ("Bump the pre-commit hook from v2.8 to v2.9. PR by somebody, and it's done.", "en"),
        ("[pre-commit.ci] pre-commit autoupdate v2.8 v2.9. PR by somebody.", None),
    ],
)
def test_a_short_text_is_not_taken_for_a_neighbour(text: str, language: str | None) -> None:
    assert known_language(text) == language


def test_notes_in_english_are_english() -> None:
    assert {language_of(text) for _, text, _ in (*NOTES, *EVERYDAY)} == {"en"}


def test_code_does_not_make_a_text_english() -> None:
    text = "Die Datei wird so gelesen:\n\n```python\nif not x in y and z is not a or b:\n    for i in it: pass\n```\n"
    assert language_of(text) == "de"


def test_every_stemmer_and_every_language_without_one_is_of_use() -> None:
    assert set(STEMMERS) - set(SMALL_WORDS) == {"hy", "ta", "yi"}
    for language in SMALL_WORDS:
        assert tokens("Tables", language)
        assert query_tokens("Tables", language) == tokens("Tables", language)


def test_a_row_says_by_which_language_its_terms_were_made() -> None:
    terms = terms_for("Häuser", "Die max_connections der Überprüfungen", "de")
    assert terms == ":de haus:de die:de max_connect max connect der:de uberpruf:de"
    assert (language_in(terms), language_in("lock :de"), language_in("")) == ("de", "en", "en")
    assert tokens(":de") == ["de"]
    assert tokens("2024 x1 Ключи keys", "ru") == ["2024", "x1", "ключ:ru", "key"]
