"""Writes the teacher's vectors of pairs: python training/teach.py PAIRS.json TEACHER.onnx TOKENIZER.json TAUGHT

TAUGHT.json has [query, text, kind]: 0 a heading and its section, 1 a sentence and the rest of its section, 2 WordNet,
3 dictionaries, 4 a sentence, sometimes under its heading, and the other sentences. TAUGHT-q.npy and TAUGHT-d.npy have
the vectors of both sides, of length 1.
"""

import json
import random
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

#: tokens of a text that count, texts at a time
MOST_TOKENS, BATCH = 112, 64
#: pairs of kind 1
MOST_SENTENCES = 12_000


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if 6 <= len(part.split()) <= 30]


def examples(pairs: Any, rng: random.Random) -> list[tuple[str, str, int]]:
    sections = [(heading, body) for heading, body, _ in pairs["doc"]]
    taken_out, found = [], [(heading, body, 0) for heading, body in sections]
    for heading, body in sections:
        parts = sentences(body)
        if len(parts) >= 3:
            asked = rng.choice(parts[1:])
            taken_out.append((asked, f"{heading}. {body.replace(asked, ' ')}", 1))
        if len(parts) >= 4:
            asked = rng.choice(parts)
            others = " ".join(part for part in parts if part != asked)[:400]
            found.append((f"{heading}: {asked}" if rng.random() < 0.3 else asked, others, 4))
    rng.shuffle(taken_out)
    found += taken_out[:MOST_SENTENCES]
    found += [(asked, text, kind) for name, kind in (("wn", 2), ("dict", 3)) for asked, text, _ in pairs[name]]
    rng.shuffle(found)
    return found


class Teacher:
    """The model and its tokenizer."""

    def __init__(self, model: str, tokenizer: str) -> None:
        self.session = onnxruntime.InferenceSession(model)
        self.tokenizer = Tokenizer.from_file(tokenizer)
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.no_padding()

    def vectors(self, texts: list[str]) -> Any:
        encoded = [each.ids for each in self.tokenizer.encode_batch(texts)]
        order = np.argsort([len(ids) for ids in encoded])
        out = np.zeros((len(texts), 384), "f4")
        for first in range(0, len(texts), BATCH):
            rows = order[first : first + BATCH]
            most = max(len(encoded[row]) for row in rows)
            ids, mask = np.zeros((len(rows), most), "i8"), np.zeros((len(rows), most), "f4")
            for place, row in enumerate(rows):
                ids[place, : len(encoded[row])] = encoded[row]
                mask[place, : len(encoded[row])] = 1
            out[rows] = self.session.run(None, {"ids": ids, "mask": mask})[0]
        return (out / np.linalg.norm(out, axis=1, keepdims=True)).astype("f2")


def main() -> None:
    source, model, tokenizer, target = sys.argv[1:]
    found = examples(json.loads(Path(source).read_text()), random.Random(1))
    teacher = Teacher(model, tokenizer)
    for side, name in enumerate("qd"):
        np.save(f"{target}-{name}.npy", teacher.vectors([str(each[side]) for each in found]))
    Path(f"{target}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
