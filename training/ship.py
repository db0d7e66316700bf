"""Writes a token table as an int8 model2vec folder: python training/ship.py TABLE.npy START_FOLDER MODEL_FOLDER

Afterwards set `"pooling": "root"` in its config.json, which model2vec does not know of.
"""

import shutil
import sys
import tempfile

import numpy as np
from model2vec import StaticModel

#: share of the numbers that are kept as they are; the others are cut off there
CLIPPED_FROM = 0.9999


def main() -> None:
    start = StaticModel.from_pretrained(sys.argv[2])
    table = np.load(sys.argv[1])
    most = np.quantile(np.abs(table), CLIPPED_FROM)
    clipped = np.clip(table, -most, most).astype("f2")
    with tempfile.TemporaryDirectory() as name:
        whole = StaticModel(vectors=clipped, tokenizer=start.tokenizer, normalize=True, config=dict(start.config))
        whole.save_pretrained(name)
        shutil.rmtree(sys.argv[3], ignore_errors=True)
        StaticModel.from_pretrained(name, quantize_to="int8").save_pretrained(sys.argv[3])


if __name__ == "__main__":
    main()
