from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from core.count.tree import MAX_DEPTH, ModuleNode, Run, build_tree, folded
from core.text.order import natural_key
from tests.support import gguf_files as ggufs
from tests.support.checkpoints import Tensors, experts, gpt2, masks, write
from tests.support.counting import counted


def tree_of(tmp_path: Path, tensors: Tensors) -> ModuleNode:
    return build_tree(counted(write(tmp_path / "x.safetensors", tensors)))


def paths(node: ModuleNode) -> list[str]:
    return [child.path for child in node.children.values()]


def node_at(root: ModuleNode, path: str) -> ModuleNode:
    (found,) = [node for node in root.below() if node.path == path and node is not root]
    return found


def shown(node: ModuleNode) -> list[str]:
    """The names of a module's rows with the runs among them folded."""
    return [
        f"{row.nodes[0].name}-{row.nodes[-1].name} x{len(row.nodes)}" if isinstance(row, Run) else row.name
        for row in folded(node)
    ]


def test_a_tree_has_the_modules_of_the_names(tmp_path: Path) -> None:
    root = tree_of(tmp_path, gpt2())
    assert paths(root) == ["transformer"]
    transformer = root.children["transformer"]
    assert [child.name for child in transformer.children.values()] == ["wte", "wpe", "h", "ln_f"]
    assert transformer.parameters == root.parameters == 124_439_808
    layer = transformer.children["h"].children["3"]
    assert layer.parameters == 7_087_872
    assert list(layer.children) == ["ln_1", "attn", "ln_2", "mlp"]


def test_layers_stand_in_natural_order_however_they_are_stored(tmp_path: Path) -> None:
    shuffled = list(gpt2().items())
    random.Random(3).shuffle(shuffled)
    root = tree_of(tmp_path, dict(shuffled))
    assert list(root.children["transformer"].children["h"].children) == [str(n) for n in range(12)]
    by_text = tree_of(tmp_path, dict(sorted(gpt2().items())))
    assert list(by_text.children["transformer"].children["h"].children) == [str(n) for n in range(12)]


def test_natural_order_takes_numbers_as_numbers() -> None:
    names = ["h.10", "h.2", "h.1", "h.x", "h.02", "h." + "9" * 5000, "²", ""]
    ordered = sorted(names, key=natural_key)
    assert ordered.index("h.1") < ordered.index("h.2") < ordered.index("h.10")


def test_a_buffer_stands_in_the_tree_without_parameters(tmp_path: Path) -> None:
    root = tree_of(tmp_path, {**gpt2(prefix=""), **masks(12)})
    attention = node_at(root, "h.0.attn")
    assert attention.parameters == 2_362_368
    assert attention.tensor_count == 6
    assert node_at(root, "h.0.attn.bias").parameters == 0
    assert attention.totals().not_counted["buffer"].elements == (1 << 20) + 1


def test_a_path_may_be_a_tensor_and_a_module(tmp_path: Path) -> None:
    for names in (["a", "a.b", "a.b.c"], ["a.b.c", "a.b", "a"]):
        root = tree_of(tmp_path, dict.fromkeys(names, ("F32", (2,))))
        assert [node.path for node in root.below()][1:] == ["a", "a.b", "a.b.c"]
        assert [node.parameters for node in root.below()][1:] == [6, 4, 2]


def test_empty_parts_of_names_are_parts(tmp_path: Path) -> None:
    names = ["", ".", "..", ".a", "a.", "a..b", "a.b", "a"]
    root = tree_of(tmp_path, dict.fromkeys(names, ("F32", (2,))))
    assert sorted(node.tensor.name for node in root.below() if node.tensor) == sorted(names)
    assert root.parameters == 2 * len(names)


def test_a_name_of_ten_thousand_parts_does_not_nest_so_deep(tmp_path: Path) -> None:
    deep = "a." * 10_000
    root = tree_of(tmp_path, {deep: ("F32", (2,)), deep + "b": ("F32", (3,)), "a.a": ("F32", (4,))})
    depth, node = 0, root
    while node.children:
        depth, node = depth + 1, next(iter(node.children.values()))
    assert depth == MAX_DEPTH + 1
    assert root.parameters == root.totals().parameters == 9


def test_layers_alike_fold_to_one_row(tmp_path: Path) -> None:
    transformer = tree_of(tmp_path, gpt2()).children["transformer"]
    assert shown(transformer.children["h"]) == ["0-11 x12"]
    (run,) = folded(transformer.children["h"])
    assert isinstance(run, Run)
    assert run.parameters == 12 * 7_087_872
    assert run.tensor_count == 144
    assert run.totals().parameters == run.parameters


def test_a_layer_that_differs_or_is_missing_parts_the_run(tmp_path: Path) -> None:
    tensors = {name: layout for name, layout in gpt2(prefix="").items() if not name.startswith("h.5.")}
    tensors["h.8.attn.c_attn.weight"] = ("F16", (768, 2304))
    assert shown(tree_of(tmp_path, tensors).children["h"]) == ["0-4 x5", "6-7 x2", "8", "9-11 x3"]
    tensors["h.2.mlp.extra"] = ("F32", (1,))
    assert shown(tree_of(tmp_path, tensors).children["h"]) == ["0-1 x2", "2", "3-4 x2", "6-7 x2", "8", "9-11 x3"]


def test_layers_in_mixed_block_types_fold_as_a_quantised_model_has_them(tmp_path: Path) -> None:
    tensors: dict[str, tuple[str, Sequence[int]]] = {"token_embd.weight": ("Q4_K", (512, 256))}
    for n in range(8):
        tensors[f"blk.{n}.attn_norm.weight"] = ("F32", (256,))
        tensors[f"blk.{n}.attn_v.weight"] = ("Q6_K" if n % 3 == 0 else "Q4_K", (256, 256))
    tensors["blk.7.attn_v.weight"] = ("F16", (256, 256))
    root = build_tree(counted(ggufs.write(tmp_path / "x.gguf", tensors)))
    assert shown(root.children["blk"]) == ["0-6 x7", "7"]
    tensors["blk.3.attn_v.weight"] = ("Q4_K", (128, 256))
    root = build_tree(counted(ggufs.write(tmp_path / "x.gguf", tensors)))
    assert shown(root.children["blk"]) == ["0-2 x3", "3", "4-6 x3", "7"]


def test_experts_fold_in_every_layer_and_the_layers_fold(tmp_path: Path) -> None:
    layers = tree_of(tmp_path, dict(experts(4, 16))).children["model"].children["layers"]
    assert shown(layers) == ["0-3 x4"]
    assert shown(layers.children["2"].children["mlp"].children["experts"]) == ["0-15 x16"]


def test_the_work_can_be_ended_from_outside(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def check() -> None:
        raise Cancelled

    count = counted(write(tmp_path / "x.safetensors", gpt2()))
    try:
        build_tree(count, check)
    except Cancelled:
        return
    raise AssertionError("the tree was built all the same")
