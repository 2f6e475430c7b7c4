"""Heads and embeddings whose values are another tensor's: what the config says, and what the tensors say."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import permutations
from math import prod
from typing import Any

import pytest

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Source
from core.checkpoint.tensors import TensorBatch
from core.count.counter import Count, ParameterCounter
from tests.support.checkpoints import byte_count
from tests.support.packed_layers import gptq, mlx
from tests.support.published_shapes import Layouts

EMBEDDING = "model.embed_tokens.weight"
HEAD = "lm_head.weight"
BODY: Layouts = {EMBEDDING: ("BF16", (100, 8)), "model.norm.weight": ("BF16", (8,))}
SAME: Layouts = {HEAD: ("BF16", (100, 8))}
OTHER: Layouts = {HEAD: ("BF16", (96, 8))}
LM = {"architectures": ["LlamaForCausalLM"]}

TIED = f"{HEAD} is tied to {EMBEDDING}: counted once"
MEANT = f"{TIED}, which the config means by not speaking of it"
UNSAID = f"{HEAD} could be tied to {EMBEDDING}, the config says nothing of it: both are counted"
DISPUTED = f"{HEAD} could be tied to {EMBEDDING}, the config says both that and the opposite: both are counted"
UNLIKE = (
    f"the config says that the output head is tied, but {HEAD} has another shape than {EMBEDDING}: both are counted"
)
HEADLESS = f"the output head is tied to {EMBEDDING}: counted once"
MISSING = "the config says that the output head is not tied to the input embedding, but there is none in the file"


def count_of(
    layouts: Layouts, config: dict[str, Any] | None = None, storages: Sequence[Hashable | None] | None = None
) -> Count:
    counter = ParameterCounter(Source("x", "x", "test", ModelConfig.of(config), []))
    dtypes, shapes = zip(*[(dtype, tuple(shape)) for dtype, shape in layouts.values()])
    sizes = [byte_count(*layout) for layout in layouts.values()]
    counter.add(TensorBatch(list(layouts), shapes, dtypes, sizes, "", storages))
    return counter.count()


def flag(value: object) -> dict[str, Any]:
    return {"tie_word_embeddings": value}


@pytest.mark.parametrize(
    ("head", "config", "parameters", "notes"),
    [
        (SAME, flag(True), 808, [TIED]),
        (SAME, {"text_config": flag(True)}, 808, [TIED]),
        (SAME, {"thinker_config": {"text_config": flag(True)}}, 808, [TIED]),
        (SAME, flag(False), 1608, []),
        (SAME, {}, 1608, [UNSAID]),
        (SAME, flag("true"), 1608, [UNSAID]),
        (SAME, flag(False) | {"text_config": flag(True)}, 1608, [DISPUTED]),
        (SAME, flag(True) | {"text_config": flag(True)}, 808, [TIED]),
        (OTHER, flag(True), 808 + 768, [UNLIKE]),
        (OTHER, flag(False), 808 + 768, []),
        (OTHER, {}, 808 + 768, []),
        ({}, flag(True), 808, [HEADLESS]),
        ({}, flag(True) | LM, 808, [HEADLESS]),
        ({}, flag(True) | {"architectures": ["LlamaModel"]}, 808, []),
        ({}, flag(False) | LM, 808, [MISSING]),
        ({}, flag(False), 808, []),
        ({}, LM, 808, []),
        ({"score.weight": ("BF16", (2, 8))}, flag(True), 824, []),
        (SAME, {"model_type": "gemma2"}, 808, [MEANT]),
        (SAME, {"model_type": "llama"}, 1608, [UNSAID]),
        (SAME, {"model_type": "gemma2"} | flag(False), 1608, []),
        (SAME, {"model_type": ["gemma2"]}, 1608, [UNSAID]),
        (SAME, {"text_config": {"model_type": "gemma2"}}, 808, [MEANT]),
        (SAME, {"transformers_version": "4.27.0.dev0", "model_type": "llama"}, 1608, [UNSAID]),
        (
            SAME,
            {"decoder": {"model_type": "trocr"} | flag(False), "model_type": "vision-encoder-decoder"},
            1608,
            [UNSAID],
        ),
        (OTHER, {"model_type": "gemma2"}, 808 + 768, []),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_flag_and_head(first: bool, head: Layouts, config: dict[str, Any], parameters: int, notes: list[str]) -> None:
    architectures = LM if not head and notes and "architectures" not in config else {}
    count = count_of({**head, **BODY} if first else {**BODY, **head}, {**config, **architectures})
    assert count.totals.parameters == parameters
    assert count.notes == notes
    assert count.totals.categories["embedding"].parameters == 800


def test_an_adapters_head_was_trained_apart() -> None:
    count = count_of({**BODY, **SAME}, {"peft_type": "LORA"})
    assert (count.totals.parameters, count.notes) == (1608, [])


@pytest.mark.parametrize("kind", ["falcon", "whisper", "t5", "llama", "gpt_neox", "mixtral", "qwen3"])
def test_a_config_that_leaves_ties_out_means_what_transformers_does(kind: str) -> None:
    from transformers import CONFIG_MAPPING

    default = CONFIG_MAPPING[kind]().tie_word_embeddings
    assert count_of({**BODY, **SAME}, {"model_type": kind}).totals.parameters == (808 if default else 1608)


@pytest.mark.parametrize(
    ("embedding", "head"),
    [
        ("transformer.tokens_embed", "lm_head"),  # GPT
        ("biogpt.embed_tokens", "output_projection"),
        ("model.decoder.embed_tokens", "proj_out"),  # Whisper
        ("transformer.word_embedding", "lm_loss"),  # XLNet
        ("shared", "text_decoder.embed_tokens"),  # SeamlessM4T
    ],
)
def test_heads_and_embeddings_have_many_names(embedding: str, head: str) -> None:
    tensors: Layouts = {f"{name}.weight": ("F32", (100, 8)) for name in (embedding, head)}
    assert count_of(tensors, flag(True)).totals.parameters == 800


@pytest.mark.parametrize("config", [{}, flag(True), flag(False)])
@pytest.mark.parametrize("first", [True, False])
def test_a_head_that_shares_its_storage_is_tied_whatever_the_config_says(first: bool, config: dict[str, Any]) -> None:
    tensors = {**SAME, **BODY} if first else {**BODY, **SAME}
    storages = ["norm" if name == "model.norm.weight" else "both" for name in tensors]
    count = count_of(tensors, config, storages)
    assert count.totals.parameters == 808
    assert count.totals.categories["embedding"].parameters == 800
    assert "head" not in count.totals.categories
    denied = ", though the config says that it is not" if config == flag(False) else ""
    assert count.notes == [TIED + denied]


def test_several_copies_of_one_storage_count_once() -> None:
    names = ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", HEAD]
    for order in permutations(names):
        count = count_of(dict.fromkeys(order, ("F32", (100, 8))), {}, ["one"] * 4)
        assert count.totals.parameters == 800
        assert set(count.totals.categories) == {"embedding"}
        assert len(count.notes) == 3


def test_a_mask_that_layers_share_stays_a_buffer() -> None:
    tensors: Layouts = {f"h.{n}.attn.bias": ("F32", (1, 1, 16, 16)) for n in range(3)}
    tensors["h.0.attn.c_attn.weight"] = ("F32", (16, 48))
    count = count_of(tensors, {}, ["mask", "mask", "mask", "weight"])
    assert count.totals.not_counted["buffer"].tensor_count == 3
    assert set(count.totals.not_counted) == {"buffer"}
    assert count.notes == []


def test_embeddings_of_encoder_and_decoder_repeat_the_shared_one() -> None:
    tensors: Layouts = {
        "shared.weight": ("F32", (100, 8)),
        "encoder.embed_tokens.weight": ("F32", (100, 8)),
        "decoder.embed_tokens.weight": ("F32", (100, 8)),
        "decoder.embed_positions.weight": ("F32", (100, 8)),
        "lm_head.weight": ("F32", (100, 8)),
    }
    assert count_of(tensors, flag(False)).totals.parameters == 800 * 3
    assert count_of(tensors, flag(True)).totals.parameters == 800 * 2
    bart: Layouts = {f"model.{name}": layout for name, layout in tensors.items()}
    assert count_of(bart, flag(False)).totals.parameters == 800 * 3
    own = {"share_encoder_decoder_embeddings": False}
    assert count_of(tensors, own | flag(False)).totals.parameters == 800 * 5


def test_berts_head_is_its_embedding_and_its_bias_is_one() -> None:
    tensors: Layouts = {
        "bert.embeddings.word_embeddings.weight": ("F32", (100, 8)),
        "cls.predictions.bias": ("F32", (100,)),
        "cls.predictions.decoder.weight": ("F32", (100, 8)),
        "cls.predictions.decoder.bias": ("F32", (100,)),
        "cls.predictions.transform.dense.weight": ("F32", (8, 8)),
    }
    for config in ({}, flag(True)):
        count = count_of(tensors, config)
        assert count.totals.parameters == 800 + 100 + 64
        assert count.notes == [
            "cls.predictions.decoder.weight is tied to bert.embeddings.word_embeddings.weight: counted once",
            "cls.predictions.decoder.bias is tied to cls.predictions.bias: counted once",
        ]
    assert count_of(tensors, flag(False)).totals.parameters == 800 + 100 + 64 + 800


@pytest.mark.parametrize("value", [True, False, None])
def test_what_only_looks_like_a_head_or_an_embedding_is_kept(value: bool | None) -> None:
    tensors: Layouts = {
        "model.embed_tokens.weight": ("F32", (64, 64)),
        "model.layers.0.self_attn.o_proj.weight": ("F32", (64, 64)),
        "model.layers.0.attention.output.dense.weight": ("F32", (64, 64)),
        "vision.patch_embed.weight": ("F32", (64, 64)),
        "model.position_embeddings.weight": ("F32", (64, 64)),
        "decoder.0.weight": ("F32", (64, 64)),
        "decoder.bias": ("F32", (64,)),
        "bias": ("F32", (64,)),
    }
    config = {} if value is None else flag(value)
    assert count_of(tensors, config).totals.parameters == 6 * 64 * 64 + 2 * 64


def test_packed_heads_are_tied_like_others() -> None:
    packed = mlx("model.embed_tokens", 1024, 64) | mlx("lm_head", 1024, 64)
    count = count_of(packed, flag(True))
    assert count.totals.parameters == 1024 * 64
    assert count.totals.not_counted["tied"].tensor_count == 1
    assert count_of(packed, flag(False)).totals.parameters == 2 * 1024 * 64
    half = {EMBEDDING: ("F16", (1024, 128)), **gptq("lm_head", 1024, 128)}
    assert count_of(half, flag(True)).totals.parameters == 1024 * 128
    assert count_of(half, flag(False)).totals.parameters == 2 * 1024 * 128


def test_many_copies_make_few_notes() -> None:
    tensors: Layouts = {"a.weight": ("F32", (4, 4))}
    tensors |= {f"{letter}.weight": ("F32", (4, 4)) for letter in "bcdefghijk"}
    tensors |= {f"layers.{n}.x.weight": ("F32", (4, 4)) for n in range(5)}
    count = count_of(tensors, {}, ["one"] * len(tensors))
    assert count.totals.parameters == 16
    assert len(count.notes) == 5
    assert count.notes[-1] == "11 more tensors tied: counted once"


def transformer(qkv: Layouts, dtype: str = "F32") -> Layouts:
    return {
        "transformer.wte.weight": ("F32", (100, 8)),
        **{f"transformer.h.{n}.attn.{name}": layout for n in range(2) for name, layout in qkv.items()},
        "lm_head.weight": (dtype, (100, 8)),
    }


PLACES: Layouts = {"transformer.wpe.weight": ("F32", (16, 8))}
CONV1D: Layouts = {"c_attn.weight": ("F32", (8, 24))}
LINEAR: Layouts = {"c_attn.weight": ("F32", (24, 8))}
MAY_BE = "lm_head.weight could be tied to transformer.wte.weight, the config says nothing of it: both are counted"
IS_TIED = "lm_head.weight is tied to transformer.wte.weight: counted once"


@pytest.mark.parametrize(
    ("tensors", "tied", "notes"),
    [
        ({**PLACES, **transformer(CONV1D)}, True, [IS_TIED]),  # GPT-2
        ({**PLACES, **transformer(CONV1D, "BF16")}, False, []),
        # minGPT (mingpt/model.py) has nanoGPT's names and ties nothing: only storages tell them apart.
        ({**PLACES, **transformer(LINEAR)}, False, [MAY_BE]),
        (transformer({"qkv.weight": ("F32", (24, 8)), "proj.weight": ("F32", (8, 8))}), False, [MAY_BE]),  # LitGPT
        # nanochat (nanochat/gpt.py): "untied weights for token embedding and lm_head", the embedding in BF16.
        (transformer({"c_q.weight": ("F32", (8, 8)), "c_proj.weight": ("F32", (8, 8))}, "BF16"), False, []),
    ],
)
def test_a_head_beside_gpt_2s_embedding_is_tied_in_gpt_2_alone(tensors: Layouts, tied: bool, notes: list[str]) -> None:
    count = count_of(tensors)
    everything = sum(prod(shape) for _, shape in tensors.values())
    assert count.totals.parameters == everything - (800 if tied else 0)
    assert count.notes == notes


def test_storages_say_that_a_head_has_values_of_its_own() -> None:
    tensors = {**PLACES, **transformer(LINEAR)}
    assert count_of(tensors, {}, list(tensors)).notes == []
    shared = ["one" if name in {"transformer.wte.weight", "lm_head.weight"} else name for name in tensors]
    assert count_of(tensors, {}, shared).notes == [IS_TIED]


@pytest.mark.parametrize(
    ("architecture", "embedding", "head"),
    [
        ("FlavaForPreTraining", "flava.text_model.embeddings.word_embeddings", "mlm_head.decoder"),
        ("LukeForMaskedLM", "luke.embeddings.word_embeddings", "lm_head.decoder"),
        ("Pop2PianoForConditionalGeneration", "shared", "lm_head"),
        ("BigBirdPegasusForCausalLM", "model.decoder.embed_tokens", "lm_head"),
    ],
)
def test_a_class_that_ties_nothing_is_believed_before_its_config(architecture: str, embedding: str, head: str) -> None:
    import transformers

    keys = getattr(transformers, architecture)._tied_weights_keys or {}
    assert f"{head}.weight" not in keys
    tensors: Layouts = {f"{name}.weight": ("F32", (100, 8)) for name in (embedding, head)}
    config = flag(True) | {"architectures": [architecture]}
    assert count_of(tensors, config).totals.parameters == 1600


def test_a_head_that_repeats_no_embedding_has_a_bias_of_its_own() -> None:
    # transformers, modeling_reformer.py: the head reads two streams side by side.
    tensors: Layouts = {
        "reformer.embeddings.word_embeddings.weight": ("F32", (100, 8)),
        "lm_head.bias": ("F32", (100,)),
        "lm_head.decoder.weight": ("F32", (100, 16)),
        "lm_head.decoder.bias": ("F32", (100,)),
    }
    assert count_of(tensors, flag(False)).totals.parameters == 800 + 100 + 1600 + 100
