"""Writes MiniLM-L6 as an ONNX graph: python training/teacher.py MINILM_FOLDER TEACHER.onnx

The graph takes `ids` and `mask` (batch, tokens) and gives the mean of the last layer over the tokens, not normalised.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

LAYERS, HEADS, WIDTH = 6, 12, 384


class Graph:
    """The nodes and the constants so far."""

    def __init__(self, weights: dict[str, Any]) -> None:
        self.weights = weights
        self.constants: list[Any] = []
        self.nodes: list[Any] = []

    def constant(self, values: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, out: str = "", **how: Any) -> str:
        name = out or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **how))
        return name

    def linear(self, x: str, name: str) -> str:
        product = self.add("MatMul", x, self.constant(self.weights[f"{name}.weight"].T))
        return self.add("Add", product, self.constant(self.weights[f"{name}.bias"]))

    def norm(self, x: str, name: str) -> str:
        scale, shift = (self.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-12)

    def heads(self, x: str) -> str:
        parted = self.add("Reshape", x, self.constant(np.array([0, 0, HEADS, WIDTH // HEADS])))
        return self.add("Transpose", parted, perm=[0, 2, 1, 3])

    def embeddings(self) -> str:
        words = self.add("Gather", self.constant(self.weights["embeddings.word_embeddings.weight"]), "ids")
        length = self.add("Slice", self.add("Shape", "ids"), *(self.constant(np.array([at])) for at in (1, 2)))
        zero = self.constant(np.array([0]))
        places = self.constant(self.weights["embeddings.position_embeddings.weight"])
        placed = self.add("Add", words, self.add("Slice", places, zero, length, zero))
        kind = self.constant(self.weights["embeddings.token_type_embeddings.weight"][0])
        return self.norm(self.add("Add", placed, kind), "embeddings.LayerNorm")

    def layer(self, x: str, name: str, hidden: str) -> str:
        query, key, value = (
            self.heads(self.linear(x, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        product = self.add("MatMul", query, self.add("Transpose", key, perm=[0, 1, 3, 2]))
        scale = self.constant(np.float32(1 / np.sqrt(WIDTH // HEADS)))
        likely = self.add("Softmax", self.add("Add", self.add("Mul", product, scale), hidden), axis=-1)
        seen = self.add("Transpose", self.add("MatMul", likely, value), perm=[0, 2, 1, 3])
        joined = self.add("Reshape", seen, self.constant(np.array([0, 0, WIDTH])))
        attended = self.add("Add", self.linear(joined, f"{name}.attention.output.dense"), x)
        x = self.norm(attended, f"{name}.attention.output.LayerNorm")
        inner = self.add("Gelu", self.linear(x, f"{name}.intermediate.dense"))
        return self.norm(self.add("Add", self.linear(inner, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")


def main() -> None:
    graph = Graph(load_file(Path(sys.argv[1]) / "model.safetensors"))
    x = graph.embeddings()
    shown = graph.add("Unsqueeze", "mask", graph.constant(np.array([1, 2])))
    absent = graph.add("Sub", graph.constant(np.float32(1)), shown)
    hidden = graph.add("Mul", absent, graph.constant(np.float32(-1e4)))
    for number in range(LAYERS):
        x = graph.layer(x, f"encoder.layer.{number}", hidden)
    mask = graph.add("Unsqueeze", "mask", graph.constant(np.array([2])))
    along = graph.constant(np.array([1]))
    total = graph.add("ReduceSum", graph.add("Mul", x, mask), along, keepdims=0)
    graph.add("Div", total, graph.add("ReduceSum", mask, along, keepdims=0), out="out")
    taken = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["b", "t"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["b", "t"]),
    ]
    given = [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["b", WIDTH])]
    made = helper.make_graph(graph.nodes, "minilm", taken, given, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()
