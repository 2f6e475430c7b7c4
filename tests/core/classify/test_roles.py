"""What is stored and is no parameter: buffers and copies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Source
from core.checkpoint.tensors import TensorBatch
from core.count.counter import ParameterCounter
from tests.support.checkpoints import Tensors, gpt2, write
from tests.support.command import Command
from tests.support.counting import counted

GPT2_PARAMETERS = 124_439_808
HEAD: Tensors = {"lm_head.weight": ("F32", (50257, 768))}


def with_config(folder: Path, tensors: Tensors, config: dict[str, Any] | None) -> Path:
    write(folder / "model.safetensors", tensors)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("prefix", ["transformer.", ""])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("config", [{"tie_word_embeddings": True}, {}, None])
def test_a_head_stored_beside_its_embedding_counts_once(
    config: dict[str, Any] | None, first: bool, prefix: str, tmp_path: Path, command: Command
) -> None:
    body = gpt2(prefix=prefix)
    tensors = {**HEAD, **body} if first else {**body, **HEAD}
    result = command(with_config(tmp_path, tensors, config), "--json").model
    assert result["parameters"] == GPT2_PARAMETERS
    assert "head" not in result["categories"]
    assert result["not_counted"]["tied"] == {"elements": 38_597_376, "tensor_count": 1, "bytes": 154_389_504}
    assert result["notes"] == [f"lm_head.weight is tied to {prefix}wte.weight: counted once"]


def test_a_head_counts_where_the_config_says_that_it_is_not_tied(tmp_path: Path, command: Command) -> None:
    folder = with_config(tmp_path, {**gpt2(), **HEAD}, {"tie_word_embeddings": False})
    result = command(folder, "--json").model
    assert result["parameters"] == GPT2_PARAMETERS + 38_597_376 == 163_037_184
    assert result["categories"]["head"]["parameters"] == 38_597_376
    assert result["not_counted"]["tied"]["elements"] == 0
    assert result["notes"] == []


LLAMA: Tensors = {"model.embed_tokens.weight": ("BF16", (100, 8)), "lm_head.weight": ("BF16", (100, 8))}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        ({"tie_word_embeddings": True}, 800),
        ({"text_config": {"tie_word_embeddings": True}}, 800),
        ({"tie_word_embeddings": False}, 1600),
        ({}, 1600),
        ({"tie_word_embeddings": "true"}, 1600),
    ],
)
def test_the_config_decides_whether_another_models_head_is_tied(
    config: dict[str, Any], parameters: int, tmp_path: Path
) -> None:
    assert counted(with_config(tmp_path, LLAMA, config)).totals.parameters == parameters


def test_a_head_of_another_shape_is_not_tied(tmp_path: Path) -> None:
    tensors: Tensors = {"model.embed_tokens.weight": ("BF16", (100, 8)), "lm_head.weight": ("BF16", (90, 8))}
    assert counted(with_config(tmp_path, tensors, {"tie_word_embeddings": True})).totals.parameters == 1520


def test_tensors_that_share_their_storage_count_once() -> None:
    counter = ParameterCounter(Source("x", "x", "test", ModelConfig.of({}), []))
    counter.add(
        TensorBatch(
            ["a.weight", "b.weight", "c.weight"], [(4, 4)] * 3, ["F32"] * 3, [64] * 3, "", ["one", "one", "two"]
        )
    )
    count = counter.count()
    assert count.totals.parameters == 32
    assert count.totals.not_counted["tied"].elements == 16
    assert [classification.role for _, classification in count.tensors()] == ["parameter", "tied", "parameter"]


@pytest.mark.parametrize(
    ("name", "dtype", "shape"),
    [
        ("h.0.attn.bias", "F32", (1, 1, 1024, 1024)),
        ("h.0.attn.bias", "U8", (1, 1, 1024, 1024)),
        ("h.0.attn.bias", "BOOL", (1024, 1024)),
        ("transformer.h.0.attn.attention.bias", "F32", (1, 1, 2048, 2048)),
        ("h.0.attn.masked_bias", "F32", ()),
        ("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", (64,)),
        ("bert.embeddings.position_ids", "I64", (1, 512)),
        ("text_model.embeddings.position_ids", "F32", (1, 77)),
        ("bn1.running_mean", "F32", (64,)),
        ("bn1.running_var", "F32", (64,)),
        ("bn1.num_batches_tracked", "I64", ()),
        ("layers.0.blocks.0.attn.relative_position_index", "I64", (49, 49)),
        ("mask_of_mine", "BOOL", (5,)),
        ("rope.freqs", "BF16", (64,)),
        ("visual.blocks.0.attn.rope.freqs_cos", "F32", (576, 64)),
        ("model.layers.0.self_attn.rotary_emb.cos_cached", "F32", (1, 1, 2048, 64)),
        ("encoder.pos_encoder.pe", "F32", (1, 5000, 8)),
        ("quantizer.layers.0.codebook.embed_avg", "F32", (1024, 128)),
        ("quantizer.vq.layers.0._codebook.inited", "F32", (1,)),
        ("quantizer.acoustic_residual_vector_quantizer.layers.0.codebook.embed_sum", "F32", (2048, 256)),
        ("prompt_encoder.shared_embedding.positional_embedding", "F32", (2, 128)),
        ("sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", "F32", (2, 128)),
        ("final_logits_bias", "F32", (1, 50265)),
        ("model.layers.0.mlp.act_fn.beta", "BF16", ()),
        ("model.layers.0.layer_scalar", "BF16", (1,)),
        ("posterior_mean_coef1", "F32", (1000,)),
        ("preprocessor.featurizer.fb", "F32", (1, 80, 257)),
        ("mel_scale.fb", "F32", (513, 128)),
        ("model.24.anchors", "F16", (3, 3, 2)),
        ("encoder.embed_positions.version", "F32", (1,)),
        ("conv.parametrizations.weight.0._u", "F32", (64,)),
        ("model.layers.2.feed_forward.expert_bias", "F32", (32,)),
        ("model.layers.2.mlp.gate.expert_bias", "F32", (32,)),
        ("layers.0.ffn.gate.tid2eid", "I64", (129_280, 6)),
        ("model.layers.3.moe.router_bias", "F32", (288,)),
        ("pos_embed.pos_embed", "F32", (1, 9216, 1152)),  # diffusers, embeddings.py: PatchEmbed of Stable Diffusion 3
        ("latents_mean", "F32", (128,)),
        ("mel_converter.hann_window", "F32", (2048,)),
        ("model.vision_tower.std_bias", "BF16", (1152,)),
        ("flow_head.timestep_embeddings.0.freqs", "F32", (128,)),
        ("decoder.layers.0.encoder_attn.num_points_scale", "F32", (12,)),
        ("ibert.encoder.layer.0.attention.self.query.fc_scaling_factor", "F32", (768,)),
        ("ibert.encoder.layer.0.output.LayerNorm.shift", "F32", (1,)),
        ("rotary_emb.scales", "F32", (10,)),
        ("net.blocks.layers.0.0.fn.fast_attention.projection_matrix", "F32", (266, 64)),  # performer-pytorch
        ("net.layer_pos_emb.emb", "F32", (2048, 64)),
        ("rnn.0.drop_masks", "F32", (16_000, 512)),  # speechbrain, nnet/RNN.py: LiGRU_Layer
        ("rnn.0.drop_mask_te", "F32", (1,)),
        ("products.0.symmetric_contractions.contractions.0.U_matrix_3", "F32", (16, 16, 16, 23)),  # mace-torch
        ("radial_embedding.bessel_fn.r_max", "F64", ()),
        ("scale_shift.shift", "F32", (1,)),
        ("net.linear._compiled_main.cg_1_1_2", "F32", (3, 3, 5)),
        ("resblocks.0.activations.0.upsample.filter", "F32", (1, 1, 12)),  # BigVGAN
        ("synthesis.b8.conv0.resample_filter", "F32", (4, 4)),
        ("ema_pytorch.step", "F32", (1,)),
        ("encoder.0.attn.relative_position_index_SA", "F32", (256, 256)),
    ],
)
def test_a_buffer_is_not_counted(name: str, dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    count = counted(write(tmp_path / "x.safetensors", {name: (dtype, shape), "fc.weight": ("F32", (3, 3))}))
    assert count.totals.parameters == 9
    assert count.totals.not_counted["buffer"].tensor_count == 1


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("h.0.attn.c_attn.bias", (2304,)),
        ("h.0.attn.c_proj.bias", (768,)),
        ("h.0.attn.bias", (768,)),
        ("h.0.attn.bias", (12, 64, 64)),
        ("h.0.attn.bias", (64, 32)),
        ("h.0.mlp.bias", (16, 16)),
        ("bn1.weight", (64,)),
        ("position_embeddings.weight", (512, 8)),
        ("positional_embedding", (77, 512)),
        ("codebook.weight", (1024, 128)),
        ("layers.0.norm.beta", (8,)),
        ("rope.freqs.weight", (8, 8)),
        ("model.embed", (8, 8)),
        ("rope.freqs", (2, 12, 12, 32)),  # timm's vit_base_patch16_rope_mixed_224
        ("std", (12,)),  # rsl_rl's policies
        ("prior.mean", (16,)),
        ("distance_expansion.betas", (64,)),  # TorchMD-Net, trainable_rbf
        ("head.anchors", (32, 64)),
        ("cell.fb", (128,)),
        ("learned_pos.pe", (1, 256, 8)),
        ("encoder.pe", (1, 256, 8)),
        ("gat.weight_u", (4, 8, 1)),
        ("conv.weight_v", (8, 8, 3)),
        ("attention.queue", (8, 8)),
        ("pos_embed", (1, 197, 768)),
        ("text.step", (8, 8)),
        ("fir.filter", (8, 1, 12)),
        ("char.emb", (64, 8)),
        ("spatial.freqs", (128,)),
        ("radial.bessel_weights", (8,)),  # NequIP
        ("model.scale", (8,)),
        ("norm.beta", (8,)),
    ],
)
def test_a_parameter_is_not_taken_for_a_buffer(name: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    count = counted(write(tmp_path / "x.safetensors", {name: ("F32", shape)}))
    assert count.totals.not_counted == {}
    assert count.totals.parameters > 0


VECTOR = ("F32", (8,))


@pytest.mark.parametrize(
    ("tensors", "parameters"),
    [
        ({"vocoder.mean": VECTOR, "vocoder.std": VECTOR}, 0),
        ({"mean": VECTOR, "std": VECTOR}, 0),
        ({"vocoder.mean": VECTOR, "vocoder.scale": VECTOR}, 0),  # transformers, modeling_speecht5.py: SpeechT5HifiGan
        ({"betas": VECTOR, "alphas_cumprod": VECTOR}, 0),
        # OpenAI's Whisper has sinusoids before its encoder, CLIP's places are trained.
        ({"encoder.positional_embedding": ("F32", (4, 8)), "encoder.conv1.weight": ("F32", (8, 2, 3))}, 48),
        ({"visual.positional_embedding": ("F32", (4, 8)), "visual.conv1.weight": ("F32", (8, 3, 2, 2))}, 128),
        # vit-pytorch, na_vit.py: LayerNorm; others train their shifts, and so does dynamic tanh.
        ({"norm.gamma": VECTOR, "norm.beta": VECTOR, "layers.0.to_q.weight": ("F32", (8, 8))}, 72),
        ({"norm.gamma": VECTOR, "norm.beta": VECTOR, "layers.0.q_proj.weight": ("F32", (8, 8))}, 80),
        (
            {
                **{"0.gamma": VECTOR, "0.beta": VECTOR, "0.pre_tanh_scale": ("F32", ())},
                "layers.0.to_q.weight": ("F32", (8, 8)),
            },
            81,
        ),
        ({"vq.embed": ("F32", (8, 8)), "vq.cluster_size": VECTOR, "vq.project_in.weight": ("F32", (8, 8))}, 64),
        ({"cutoff.r_max": ("F32", ()), "cutoff.prefactor": ("F32", ()), "cutoff.bessel_weights": VECTOR}, 0),
        (
            {"kan.grid": ("F32", (4, 8)), "kan.spline_weight": ("F32", (4, 4, 8)), "kan.base_weight": ("F32", (4, 4))},
            144,
        ),
        ({"queue": ("F32", (8, 8)), "queue_ptr": ("I64", (1,))}, 0),
        ({"conv.weight_u": VECTOR, "conv.weight_v": VECTOR, "conv.weight_orig": ("F32", (8, 8))}, 64),
        (
            {"weight_orig": ("F32", (8, 8)), "weight_mask": ("F32", (8, 8)), "bias_orig": VECTOR, "bias_mask": VECTOR},
            72,
        ),
        ({"weight_mask": ("F32", (8, 8)), "weight": ("F32", (8, 8))}, 128),
        ({"layers.3.ffn.gate.bias": VECTOR, "layers.3.ffn.experts.0.w1.weight": ("F32", (4, 2))}, 8),
        ({"layers.3.mlp.gate.bias": VECTOR, "layers.3.mlp.experts.w13_weight": ("F32", (8, 4, 2))}, 64),
        (
            {"block.3.mlp.gate.bias": VECTOR, "block.3.mlp.mlp1_weight": ("F32", (8, 4, 2))},
            72,
        ),  # gpt-oss in its own code
    ],
)
def test_a_word_of_parameters_is_a_buffers_by_what_stands_beside_it(
    tensors: Tensors, parameters: int, tmp_path: Path
) -> None:
    assert counted(write(tmp_path / "x.safetensors", tensors)).totals.parameters == parameters


def test_the_constants_of_equivariant_layers_are_buffers_and_their_vectors_are_no_norms(
    tmp_path: Path, command: Command
) -> None:
    # SevenNet-0's names, as e3nn stores them.
    tensors: Tensors = {
        "1_self_interaction_1.linear.weight": ("F32", (21_504,)),
        "1_self_interaction_1.linear.output_mask": ("F32", (480,)),
        "1_convolution.convolution._compiled_main_left_right._w3j_1_1_2": ("F32", (3, 3, 5)),
    }
    write(tmp_path / "model.safetensors", tensors)
    result = command(tmp_path, "--json").model
    assert result["parameters"] == result["categories"]["other"]["parameters"] == 21_504
    assert result["not_counted"]["buffer"]["elements"] == 480 + 45


BODY: Tensors = {
    "embed.weight": ("F32", (50, 8)),
    **{f"layers.{n}.fc.weight": ("F32", (16, 8)) for n in range(3)},
    "layers.0.norm.weight": ("F32", (8,)),
}
BODY_SIZE = 400 + 3 * 128 + 8


def below(*beginnings: str) -> Tensors:
    return {f"{beginning}{name}": layout for beginning in beginnings for name, layout in BODY.items()}


@pytest.mark.parametrize(
    ("model", "average", "counters"),
    [
        ("", "ema.", []),
        ("net.", "ema_net.", []),
        ("model.", "average_model.module.", ["average_model.n_averaged"]),
        ("model.", "model_ema.", ["model_ema.decay", "model_ema.num_updates"]),
        ("online_model.", "ema_model.", ["initted", "step"]),
        ("module.", "module.ema.", []),
        ("model.unet.", "model.unet_ema.", []),
    ],
)
def test_an_averaged_copy_among_the_models_names_is_not_counted(
    model: str, average: str, counters: list[str], tmp_path: Path, command: Command
) -> None:
    tensors: Tensors = {
        **below(average, model),
        **dict.fromkeys(counters, ("I64", ())),
        "other.fc.weight": ("F32", (16, 8)),
    }
    write(tmp_path / "model.safetensors", tensors)
    result = command(tmp_path, "--json").model
    assert result["parameters"] == BODY_SIZE + 128
    own = [counter for counter in counters if "." in counter]
    assert result["not_counted"]["optimizer"]["elements"] == BODY_SIZE + len(own)
    beginning = average.removesuffix("module.").removesuffix(".")
    (note,) = (note for note in result["notes"] if "averaged" in note)
    assert note.startswith(f"not counted: {beginning} ({BODY_SIZE + len(own)} elements in {5 + len(own)} tensors")


def test_the_averaged_copy_of_latent_diffusion_is_told_by_its_name(tmp_path: Path, command: Command) -> None:
    average = {f"model_ema.{name.replace('.', '')}": layout for name, layout in BODY.items()}
    write(tmp_path / "model.safetensors", {**below("model."), **average, "model_ema.decay": ("F32", ())})
    result = command(tmp_path, "--json", "--by", "tensor").model
    assert (result["parameters"], result["not_counted"]["buffer"]["elements"]) == (BODY_SIZE, 0)
    roles = {row["name"]: row["role"] for row in result["tensors"]}
    assert roles["model_ema.decay"] == roles["model_ema.embedweight"] == "optimizer"


@pytest.mark.parametrize(
    "others",
    [
        {"ema.fc.weight": ("F32", (16, 9))},  # of no shape of the model's
        {"ema.fc.weight": ("F32", (16, 8)), "ema.gate.weight": ("F32", (16, 8))},  # more than the model has
        {"layers.0.ema.fc.weight": ("F32", (16, 8))},  # a module of a layer: Mega
        {"avg_head.fc.weight": ("F32", (16, 8))},
        {"schema.fc.weight": ("F32", (16, 8))},
    ],
)
def test_what_only_sounds_like_an_average_is_counted(others: Tensors, tmp_path: Path) -> None:
    count = counted(write(tmp_path / "x.safetensors", {**BODY, "max_head.fc.weight": ("F32", (16, 8)), **others}))
    assert "beside_model" not in count.totals.not_counted
    assert count.totals.parameters == BODY_SIZE + 128 + sum(rows * columns for _, (rows, columns) in others.values())


@pytest.mark.parametrize(
    ("one", "other"),
    [("mel_encoder.", "ema_encoder."), ("light_net.", "shadow_net."), ("decoder.", "encoder.avg_net.")],
)
def test_two_branches_of_one_build_are_no_copies(one: str, other: str, tmp_path: Path) -> None:
    assert counted(write(tmp_path / "x.safetensors", below(one, other))).totals.parameters == 2 * BODY_SIZE


def test_a_copy_of_layers_that_differ_in_their_numbers_alone(tmp_path: Path) -> None:
    tensors: Tensors = {f"{start}layers.{n}.fc.weight": ("F32", (16, 8)) for start in ("", "ema.") for n in range(3)}
    assert counted(write(tmp_path / "x.safetensors", tensors)).totals.parameters == 3 * 128


def test_a_tensor_alone_is_no_copy_of_one_like_it(tmp_path: Path) -> None:
    tensors = {**below("model."), "ema.weight": ("F32", (8,)), "ema.norm.weight": ("F32", (8,))}
    assert counted(write(tmp_path / "x.safetensors", tensors)).totals.parameters == BODY_SIZE + 16


@pytest.mark.parametrize("beginning", ["ema.", "model_ema."])
def test_a_file_with_nothing_but_an_average_is_counted(beginning: str, tmp_path: Path) -> None:
    assert counted(write(tmp_path / "x.safetensors", below(beginning))).totals.parameters == BODY_SIZE


def test_an_average_that_shares_the_models_values_is_one_model() -> None:
    counter = ParameterCounter(Source("x", "x", "test", ModelConfig.of({}), []))
    counter.add(TensorBatch(["ema.a.weight", "a.weight"], [(4, 4)] * 2, ["F32"] * 2, [64] * 2, "", ["one", "one"]))
    assert counter.count().totals.parameters == 16


def batch_norm(name: str, counts: bool = True) -> Tensors:
    names = ["weight", "bias", "running_mean", "running_var"]
    counter: Tensors = {f"{name}.num_batches_tracked": ("I64", ())} if counts else {}
    return {**{f"{name}.{one}": VECTOR for one in names}, **counter}


@pytest.mark.parametrize(
    ("tensors", "parameters"),
    [
        (batch_norm("bn1"), 16),
        # Before PyTorch 0.4.1 no batch norm counted.
        (batch_norm("bn1", counts=False), 16),
        # transformers, modeling_rt_detr_resnet.py: RTDetrFrozenBatchNorm2d, beside norms that are trained.
        ({**batch_norm("encoder.normalization", counts=False), **batch_norm("neck.norm")}, 16),
        # torchvision, ops/misc.py: FrozenBatchNorm2d in DETR, which has no other batch norms.
        (batch_norm("backbone.0.body.bn1", counts=False), 0),
    ],
)
def test_a_frozen_batch_norm_has_no_parameters(tensors: Tensors, parameters: int, tmp_path: Path) -> None:
    kernel: Tensors = {"conv.weight": ("F32", (8, 3, 1, 1))}
    assert counted(write(tmp_path / "x.safetensors", {**kernel, **tensors})).totals.parameters == 24 + parameters


@pytest.mark.parametrize(
    ("kind", "name", "is_parameter"),
    [
        ("laguna", "model.layers.1.mlp.gate.e_score_correction_bias", True),
        ("deepseek_v3", "model.layers.1.mlp.gate.e_score_correction_bias", False),
        ("afmoe", "model.layers.1.mlp.expert_bias", True),
        ("lfm2_moe", "model.layers.1.feed_forward.expert_bias", False),
        ("sam", "shared_image_embedding.positional_embedding", True),
        ("sam2", "shared_image_embedding.positional_embedding", False),
    ],
)
def test_a_file_counts_as_its_config_alone_does(kind: str, name: str, is_parameter: bool, tmp_path: Path) -> None:
    tensors: Tensors = {name: VECTOR, "model.embed_tokens.weight": ("F32", (4, 8))}
    count = counted(with_config(tmp_path, tensors, {"model_type": kind}))
    assert count.totals.parameters == (40 if is_parameter else 32)


def test_what_sends_tokens_to_experts_is_a_buffer_in_quantised_files_too(tmp_path: Path) -> None:
    # DeepSeek-V4-Flash: a table of the vocabulary's tokens, larger than many a packed matrix.
    tensors: Tensors = {"layers.0.ffn.gate.tid2eid": ("I64", (129_280, 6)), "norm.weight": VECTOR}
    config = {"quantization_config": {"quant_method": "fp8"}}
    assert counted(with_config(tmp_path, tensors, config)).totals.parameters == 8
