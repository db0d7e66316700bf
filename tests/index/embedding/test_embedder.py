import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from model2vec import StaticModel

from holdfast.errors import InvalidConfig, Unsupported
from holdfast.index.embedding import embedder as embedder_module
from holdfast.index.embedding.embedder import BUILT_IN, Embedder, load_embedder
from holdfast.index.embedding.static_model import StaticModel as OurModel
from holdfast.testing.embedders import EmbedderSuite

#: each a single token of the built-in model
WORDS = ("lock", "lease")
FOLDER = Path(embedder_module.__file__).parent / "models" / BUILT_IN


class TestBuiltIn(EmbedderSuite):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return load_embedder()


class TestFolder(EmbedderSuite):
    @pytest.fixture
    def embedder(self, tmp_path: Path) -> Embedder:
        shutil.copytree(FOLDER, tmp_path / "mine")
        return load_embedder(str(tmp_path / "mine"))


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(Unsupported, match="pip install openai"):
        load_embedder("openai:some-model").encode(["x"])


@pytest.mark.parametrize("name", ["minishlab/potion-base-8M", "no-such-model", "./nowhere", ""])
def test_a_name_that_is_not_here_is_refused_and_never_downloaded(name: str) -> None:
    with pytest.raises(InvalidConfig, match="no embedder named"):
        load_embedder(name)


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InvalidConfig, match="cannot be loaded"):
        load_embedder(str(tmp_path)).encode(["x"])


def test_the_same_name_gives_the_same_object() -> None:
    assert load_embedder() is load_embedder(BUILT_IN)


def test_the_notices_are_shipped_with_the_model() -> None:
    notice = (FOLDER / "NOTICE").read_text()
    assert "all-MiniLM-L6-v2" in notice
    assert "MIT License" in notice
    assert (FOLDER / "MODEL_CARD.md").is_file()


def test_like_texts_are_nearer_than_unlike_ones() -> None:
    lock, lease, soup = load_embedder().encode(["a lock that expires", "an expiring lease lock", "tomato soup recipe"])
    assert lock @ lease > lock @ soup


TEXTS = ["", "a lock that expires", "naïve 漢字 ©", "word " * 2000, "fencing_token HTTPServer2Go"]


def saved(folder: Path, kind: str) -> Path:
    """Save the built-in model as model2vec would save one of another kind."""
    model = StaticModel.from_pretrained(FOLDER, force_download=False)
    if kind == "without normalising":
        model.normalize = False
    elif kind == "without limit":
        model.max_length = None
    model.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"pooling": "mean"}), "utf-8")
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["as it is", "without normalising", "without limit"])
def test_a_folder_gives_the_vectors_that_model2vec_gives(tmp_path: Path, kind: str) -> None:
    folder = saved(tmp_path / "saved", kind)
    there = StaticModel.from_pretrained(folder, force_download=False)
    here = OurModel.load(folder)
    assert np.array_equal(here.encode(TEXTS), there.encode(TEXTS))
    assert (here.normalize, here.max_length, here.dim) == (there.normalize, there.max_length, there.dim)


def test_a_model_with_weights_and_a_mapping_gives_the_vectors_that_model2vec_gives(tmp_path: Path) -> None:
    whole = StaticModel.from_pretrained(FOLDER, force_download=False)
    mapping = np.arange(len(whole.tokens)) % 64
    weights = np.linspace(0.1, 1.0, len(whole.tokens), dtype=np.float32)
    small = whole.embedding[:64].astype(np.float32)
    StaticModel(small, whole.tokenizer, weights=weights, token_mapping=mapping).save_pretrained(tmp_path / "small")
    there = StaticModel.from_pretrained(tmp_path / "small", force_download=False)
    assert np.array_equal(OurModel.load(tmp_path / "small").encode(TEXTS), there.encode(TEXTS))


def test_embedding_imports_no_client_of_a_model_hub() -> None:
    code = (
        "import sys, holdfast.index.embedding.embedder as e; e.load_embedder().encode(['x'])\n"
        "print({'huggingface_hub', 'httpx', 'requests'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_importing_the_port_loads_no_model_library() -> None:
    code = (
        "import sys, holdfast.index.embedding.embedder as e; e.load_embedder()\n"
        "print({'model2vec', 'numpy'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_built_in_model_counts_a_token_by_the_root_of_how_often_it_occurs() -> None:
    model = OurModel.load(FOLDER)
    lock, lease = (model._of_tokens(model.tokenize([word])[0]) for word in WORDS)
    expected = 2.0 * lock[0] + lease[0].astype(float)
    [found] = load_embedder().encode([" ".join([WORDS[0]] * 4 + [WORDS[1]])])
    assert found == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_stores_of_the_model_before_it_are_searched_by_the_built_in_one() -> None:
    [name] = embedder_module.PREDECESSORS
    found = load_embedder(name)
    assert found.name == name
    assert np.array_equal(found.encode(["a stale lock"]), load_embedder().encode(["a stale lock"]))
