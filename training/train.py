"""Trains a token table on pairs and a teacher's similarities: python training/train.py TAUGHT START_FOLDER OUT.npy

TAUGHT is what teach.py wrote. Within each batch a query is to be nearest to its own text (contrastive), and its
similarities to all texts are to be the teacher's (Kullback-Leibler); the table is held near where it started. Each text
is the sum of the vectors of its distinct tokens, each by the root of its count.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from model2vec import StaticModel
from torch.nn import functional

RATE, PASSES, BATCH, TEMPERATURE = 2e-3, 3, 1024, 0.05
#: weights of the parts of the loss
CONTRAST, TEACHER, ANCHOR = 0.5, 1.0, 0.05
#: how often a pass has the pairs from documentation, and their kinds (teach.py)
DOCUMENTATION_TIMES, DOCUMENTATION = 3, (0, 1, 4)
#: tokens that count of a query and of a text
MOST_OF_QUERY, MOST_OF_TEXT = 64, 192


def bags(model: Any, texts: list[str], most: int) -> list[tuple[Any, Any]]:
    """Return the distinct tokens of each text and the square roots of their counts."""
    out = []
    for each in model.tokenizer.encode_batch(texts, add_special_tokens=False):
        ids = [token for token in each.ids if token != model.unk_token_id][:most] or [0]
        tokens, counts = np.unique(ids, return_counts=True)
        out.append((tokens.astype("i8"), np.sqrt(counts).astype("f4")))
    return out


def embed(table: Any, bag: list[tuple[Any, Any]], chosen: Any) -> Any:
    tokens = torch.from_numpy(np.concatenate([bag[row][0] for row in chosen]))
    roots = torch.from_numpy(np.concatenate([bag[row][1] for row in chosen]))
    offsets = torch.tensor(np.cumsum([0] + [len(bag[row][0]) for row in chosen[:-1]]))
    summed = functional.embedding_bag(tokens, table, offsets, mode="sum", per_sample_weights=roots)
    return functional.normalize(summed, dim=1)


def apart(ours: Any, taught: Any) -> Any:
    """Return how far our similarities are from the teacher's, row by row."""
    likely, wanted = functional.log_softmax(ours, 1), functional.log_softmax(taught, 1)
    return functional.kl_div(likely, wanted, log_target=True, reduction="batchmean")


def main() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    pairs = json.loads(Path(sys.argv[1] + ".json").read_text())
    taught = [torch.tensor(np.load(f"{sys.argv[1]}-{side}.npy").astype("f4")) for side in "qd"]
    model = StaticModel.from_pretrained(sys.argv[2])
    queries = bags(model, [pair[0] for pair in pairs], MOST_OF_QUERY)
    texts = bags(model, [pair[1] for pair in pairs], MOST_OF_TEXT)
    start = torch.tensor(np.asarray(model.embedding).astype("f4"))
    scale = float(start.norm(dim=1).mean())
    start /= scale
    table = torch.nn.Parameter(start.clone())
    adam = torch.optim.Adam([table], lr=RATE)
    documented = np.flatnonzero(np.isin([pair[2] for pair in pairs], DOCUMENTATION))
    used = np.concatenate([np.arange(len(pairs)), *[documented] * (DOCUMENTATION_TIMES - 1)])
    batches = len(used) // BATCH
    for number in range(PASSES):
        order, total = rng.permutation(used), 0.0
        for batch in range(batches):
            for group in adam.param_groups:
                group["lr"] = RATE * (1 - (number * batches + batch) / (PASSES * batches))
            at = order[batch * BATCH : (batch + 1) * BATCH]
            ours = embed(table, queries, at) @ embed(table, texts, at).T / TEMPERATURE
            theirs = taught[0][at] @ taught[1][at].T / TEMPERATURE
            own = torch.arange(BATCH)
            contrast = (functional.cross_entropy(ours, own) + functional.cross_entropy(ours.T, own)) / 2
            moved = ((table - start) ** 2).sum(1).mean()
            loss = CONTRAST * contrast + TEACHER * (apart(ours, theirs) + apart(ours.T, theirs.T)) + ANCHOR * moved
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += float(loss.detach())
        print(f"pass {number}: {total / batches:.3f}")
    np.save(sys.argv[3], table.detach().numpy() * scale)


if __name__ == "__main__":
    main()
