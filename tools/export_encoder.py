"""Exporting a sentence encoder to ONNX: `python -m tools.export_encoder FOLDER OUT`.

FOLDER is one that sentence-transformers saved; OUT gets a model.onnx and the files that say how it is to be used. Needs
torch, transformers and onnx, which Holdfast itself does not.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

#: what goes along with the model, where it is there
FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
)


def export(folder: Path, out: Path) -> Path:
    """Write the encoder in `folder` to `out` and return the model's file."""
    import torch
    from transformers import AutoModel

    class Bare(torch.nn.Module):
        """The vectors of tokens, and nothing else."""

        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager").eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    out.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (folder / name).is_file():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, out / name)
    ids = torch.ones((2, 8), dtype=torch.int64)
    names, axes = ["input_ids", "attention_mask"], {0: "texts", 1: "tokens"}
    torch.onnx.export(
        Bare(),
        (ids, ids),
        str(out / "model.onnx"),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes=dict.fromkeys((*names, "last_hidden_state"), axes),
        opset_version=17,
        dynamo=False,
    )
    return out / "model.onnx"


def main() -> None:
    """Export what the command line names."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    made = export(given.folder, given.out)
    parser.exit(message=f"{made}: {made.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
