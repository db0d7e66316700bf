"""How often a search finds what was asked for, over the collections of bench/corpora.py, set by set.

    python -m bench.ranking CLONES              the sets that weights may be learned from
    python -m bench.ranking CLONES --kept       those that are only measured
    python -m bench.ranking CLONES --modes hybrid,text,vector
    python -m bench.ranking CLONES --embedder FOLDER   another embedder than the one in the package

Prints for each set how often the wanted document came first, how often it was among the first ten, and the mean
reciprocal rank. Stores are kept in --cache between runs, by what was in the folder that indexes (src/holdfast/index).
"""

import argparse
import hashlib
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import holdfast
from bench.corpora import Collection, Question, collections
from holdfast.front.store import Store
from holdfast.search.hits import SearchMode

#: hits that are looked through for the document
DEPTH = 10


def index_version() -> str:
    """Return a hash of what makes the rows of a store."""
    top = Path(holdfast.__file__).parent
    files = sorted([*(top / "index").rglob("*.py"), *(top / "index").rglob("config.json"), top / "opening.py"])
    return hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=6).hexdigest()


def store_of(collection: Collection, cache: Path, embedder: str | None = None) -> Store:
    """Return a store that holds the documents of a collection, made now unless it was."""
    said = "".join(f"{path}\0{text}\0" for path, text in collection.documents.items())
    version = hashlib.blake2b((index_version() + (embedder or "") + said).encode(), digest_size=8).hexdigest()
    folder = cache / f"{collection.name.replace(' ', '-')}-{version}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=cache) as name:
            source = Path(name) / "source"
            for path, text in collection.documents.items():
                (source / path).parent.mkdir(parents=True, exist_ok=True)
                (source / path).write_text(text, "utf-8")
            with holdfast.create(Path(name) / "kb", embedder=embedder) as store:
                store.add(source, to="/docs", workers=1)
                store.maintenance.optimize()
            (Path(name) / "kb").rename(folder)
    return holdfast.open(folder)


def answers(path: str, question: Question) -> bool:
    """Return whether a document is one that was asked for."""
    plain = path.rpartition(".")[0]
    return any(plain.endswith("/" + page) for page in question.pages)


def rank_of(store: Store, question: Question, mode: SearchMode = "hybrid") -> int | None:
    """Return the 1-based place of the first hit that answers; None when it is not among the first DEPTH."""
    for rank, hit in enumerate(store.search(question.query, limit=DEPTH, mode=mode), start=1):
        if any(answers(path, question) for path in (hit.path, *hit.also)):
            return rank
    return None


def ranks(
    clones: Path, cache: Path, modes: Iterable[str], *, kept: bool, embedder: str | None = None
) -> Iterator[tuple[str, str, str, list[int | None]]]:
    """Yield the collection, the set, the mode and the ranks of its questions."""
    for collection in collections(clones, kept=kept):
        with store_of(collection, cache, embedder) as store:
            for name, questions in collection.questions.items():
                for mode in modes:
                    found = [rank_of(store, each, mode) for each in questions]  # type: ignore[arg-type]
                    yield collection.name, name, mode, found


def told(found: list[int | None]) -> str:
    """Return how often the document came first, was in the list, and its mean reciprocal rank."""
    count = max(1, len(found))
    first, listed = sum(rank == 1 for rank in found), sum(rank is not None for rank in found)
    return f"{first / count:.3f} {listed / count:.3f} {sum(1 / rank for rank in found if rank) / count:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path, help="the folder with the clones of the manuals")
    parser.add_argument("--kept", action="store_true", help="the sets that nothing is learned from")
    parser.add_argument("--modes", default="hybrid")
    parser.add_argument("--embedder", help="its address, as `holdfast init` takes it")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "holdfast-ranking")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    together: dict[tuple[str, str], list[int | None]] = defaultdict(list)
    for collection, name, mode, found in ranks(
        options.clones, options.cache, options.modes.split(","), kept=options.kept, embedder=options.embedder
    ):
        together[name, mode] += found
        print(f"{collection:20} {name:12} {mode:7} {len(found):4} {told(found)}", file=sys.stderr, flush=True)
    for (name, mode), found in sorted(together.items()):
        print(f"{name:12} {mode:7} {len(found):4} {told(found)}")


if __name__ == "__main__":
    main()
