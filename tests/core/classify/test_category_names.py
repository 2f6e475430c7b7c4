"""Names that no model of transformers has: models' own code, other libraries, adapters, quantisation, hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checkpoint.config import ModelConfig
from core.classify.categorizer import categories_of
from core.classify.category import CATEGORIES
from core.naming.template import template_of
from tests.support.checkpoints import Tensors
from tests.support.counting import counted
from tests.support.counting import model as model_in

Shape = tuple[int, ...]

# Each a part of a checkpoint: the names of one model, by the category that they count to.
MODELS: dict[str, dict[str, str]] = {
    "GPT-2": {
        "embedding": "wte.weight wpe.weight",
        "attention": "h.0.attn.c_attn.weight h.0.attn.c_attn.bias h.0.attn.c_proj.weight",
        "mlp": "h.0.mlp.c_fc.weight h.0.mlp.c_proj.weight",
        "norm": "h.0.ln_1.weight h.0.ln_1.bias h.0.ln_2.weight ln_f.weight",
    },
    "Flux, its own code": {
        "attention": "double_blocks.0.img_attn.qkv.weight",
        "mlp": "double_blocks.0.img_mlp.0.weight",
        "other": "double_blocks.0.img_mod.lin.weight double_blocks.0.txt_mod.lin.bias "
        "single_blocks.0.modulation.lin.weight single_blocks.0.linear1.weight",
    },
    "Llama, Meta's own": {
        "embedding": "tok_embeddings.weight",
        "attention": "layers.0.attention.wq.weight layers.0.attention.wo.weight",
        "mlp": "layers.0.feed_forward.w1.weight layers.0.feed_forward.w2.weight",
        "norm": "layers.0.attention_norm.weight layers.0.ffn_norm.weight norm.weight",
        "head": "output.weight",
    },
    "Phi-2, its own code": {
        "embedding": "layers.0.wte.weight",
        "norm": "layers.1.ln.weight layers.30.ln.weight",
        "attention": "layers.1.mixer.Wqkv.weight layers.1.mixer.Wqkv.bias layers.1.mixer.out_proj.weight",
        "mlp": "layers.1.mlp.fc1.weight layers.1.mlp.fc2.weight",
    },
    "MPT": {
        "embedding": "transformer.wte.weight",
        "attention": "transformer.blocks.0.attn.Wqkv.weight transformer.blocks.0.attn.out_proj.weight",
        "mlp": "transformer.blocks.0.ffn.up_proj.weight transformer.blocks.0.ffn.down_proj.weight",
        "norm": "transformer.blocks.0.norm_1.weight transformer.norm_f.weight",
    },
    "Baichuan": {
        "attention": "model.layers.0.self_attn.W_pack.weight model.layers.0.self_attn.o_proj.weight",
        "mlp": "model.layers.0.mlp.gate_proj.weight",
        "head": "lm_head.weight",
    },
    "InternLM2": {
        "embedding": "model.tok_embeddings.weight",
        "attention": "model.layers.0.attention.wqkv.weight model.layers.0.attention.wo.weight",
        "mlp": "model.layers.0.feed_forward.w1.weight model.layers.0.feed_forward.w3.weight",
        "head": "output.weight",
    },
    "ChatGLM": {
        "embedding": "transformer.embedding.word_embeddings.weight",
        "attention": "transformer.encoder.layers.0.self_attention.query_key_value.weight",
        "mlp": "transformer.encoder.layers.0.mlp.dense_h_to_4h.weight "
        "transformer.encoder.layers.0.mlp.dense_4h_to_h.weight",
        "norm": "transformer.encoder.layers.0.input_layernorm.weight transformer.encoder.final_layernorm.weight",
        "head": "transformer.output_layer.weight",
    },
    "DBRX": {
        "attention": "transformer.blocks.0.norm_attn_norm.attn.Wqkv.weight",
        "norm": "transformer.blocks.0.norm_attn_norm.norm_1.weight",
        "mlp": "transformer.blocks.0.ffn.experts.mlp.w1 transformer.blocks.0.ffn.experts.mlp.v1",
        "router": "transformer.blocks.0.ffn.router.layer.weight",
    },
    "Mixtral": {
        "router": "model.layers.0.block_sparse_moe.gate.weight",
        "mlp": "model.layers.0.block_sparse_moe.experts.0.w1.weight "
        "model.layers.0.block_sparse_moe.experts.7.w2.weight",
    },
    "Llama": {
        "mlp": "model.layers.0.mlp.gate_proj.weight model.layers.0.mlp.up_proj.weight",
        "attention": "model.layers.0.self_attn.q_proj.weight model.layers.0.self_attn.o_proj.weight",
    },
    "Qwen2-MoE": {
        "router": "model.layers.0.mlp.gate.weight model.layers.0.mlp.shared_expert_gate.weight",
        "mlp": "model.layers.0.mlp.experts.0.gate_proj.weight model.layers.0.mlp.shared_expert.up_proj.weight",
    },
    "DeepSeek-V3": {
        "router": "model.layers.3.mlp.gate.weight model.layers.3.mlp.gate.e_score_correction_bias",
        "attention": "model.layers.3.self_attn.kv_a_proj_with_mqa.weight model.layers.3.self_attn.q_b_proj.weight",
        "norm": "model.layers.3.self_attn.kv_a_layernorm.weight",
        "mlp": "model.layers.3.mlp.shared_experts.down_proj.weight model.layers.3.mlp.experts.9.down_proj.weight",
    },
    "gpt-oss": {
        "attention": "model.layers.0.self_attn.sinks model.layers.0.self_attn.q_proj.bias",
        "router": "model.layers.0.mlp.router.weight model.layers.0.mlp.router.bias",
        "mlp": "model.layers.0.mlp.experts.gate_up_proj_blocks model.layers.0.mlp.experts.gate_up_proj_scales "
        "model.layers.0.mlp.experts.down_proj_bias",
    },
    "Grok": {
        "attention": "model.layers.0.attn.q_proj.weight",
        "router": "model.layers.0.moe_block.gate.weight",
        "mlp": "model.layers.0.moe_block.experts.0.linear_v.weight",
    },
    "Arctic": {
        "router": "model.layers.0.block_sparse_moe.gate.weight",
        "mlp": "model.layers.0.block_sparse_moe.experts.0.w1.weight model.layers.0.residual_mlp.w1.weight",
        "norm": "model.layers.0.residual_layernorm.weight",
    },
    "Jamba": {
        "mixer": "model.layers.0.mamba.in_proj.weight model.layers.0.mamba.A_log model.layers.0.mamba.conv1d.bias",
        "norm": "model.layers.0.mamba.dt_layernorm.weight",
        "router": "model.layers.1.feed_forward.router.weight",
        "mlp": "model.layers.1.feed_forward.experts.0.gate_proj.weight model.layers.0.feed_forward.up_proj.weight",
    },
    "Nemotron-H": {
        "mixer": "backbone.layers.0.mixer.in_proj.weight backbone.layers.0.mixer.out_proj.weight "
        "backbone.layers.0.mixer.A_log backbone.layers.0.mixer.D backbone.layers.0.mixer.conv1d.weight",
        "attention": "backbone.layers.7.mixer.q_proj.weight backbone.layers.7.mixer.o_proj.weight",
        "mlp": "backbone.layers.1.mixer.up_proj.weight backbone.layers.1.mixer.experts.3.down_proj.weight",
        "router": "backbone.layers.1.mixer.gate.weight",
        "norm": "backbone.layers.0.norm.weight backbone.layers.0.mixer.norm.weight backbone.norm_f.weight",
    },
    "RWKV-6": {
        "mixer": "rwkv.blocks.0.attention.time_decay rwkv.blocks.0.attention.key.weight "
        "rwkv.blocks.0.attention.output.weight",
        "mlp": "rwkv.blocks.0.feed_forward.key.weight rwkv.blocks.0.feed_forward.receptance.weight",
        "norm": "rwkv.blocks.0.ln1.weight rwkv.blocks.0.pre_ln.weight rwkv.ln_out.weight",
        "embedding": "rwkv.embeddings.weight",
        "head": "head.weight",
    },
    "BERT": {
        "embedding": "bert.embeddings.word_embeddings.weight bert.embeddings.token_type_embeddings.weight",
        "norm": "bert.embeddings.LayerNorm.gamma bert.encoder.layer.0.attention.output.LayerNorm.beta",
        "attention": "bert.encoder.layer.0.attention.self.query.weight "
        "bert.encoder.layer.0.attention.output.dense.weight",
        "mlp": "bert.encoder.layer.0.intermediate.dense.weight bert.encoder.layer.0.output.dense.bias",
        "head": "cls.predictions.bias cls.predictions.transform.dense.weight cls.predictions.decoder.weight "
        "cls.seq_relationship.weight",
    },
    "RWKV-7, flash-linear-attention's": {
        "mixer": "model.layers.0.attn.r_proj.weight model.layers.0.attn.k_proj.weight model.layers.0.attn.r_k "
        "model.layers.0.attn.o_proj.weight model.layers.0.attn.w_lora.lora.0.weight",
        "norm": "model.layers.0.attn_norm.weight model.layers.0.attn.g_norm.weight",
        "mlp": "model.layers.0.ffn.key.weight model.layers.0.ffn.value.weight",
    },
    "gated linear attention": {
        "mixer": "model.layers.0.attn.q_proj.weight model.layers.0.attn.gk_proj.0.weight",
        "norm": "model.layers.0.attn.g_norm.weight",
    },
    "MiniMax": {
        "mixer": "model.layers.0.self_attn.qkv_proj.weight model.layers.0.self_attn.output_gate.weight "
        "model.layers.0.self_attn.out_proj.weight",
        "attention": "model.layers.7.self_attn.q_proj.weight model.layers.7.self_attn.o_proj.weight",
    },
    "RegNet": {
        "other": "regnet.encoder.stages.0.layers.0.layer.2.attention.0.weight",
        "head": "classifier.1.weight",
    },
    "jina-embeddings-v3": {
        "attention": "roberta.encoder.layers.0.mixer.Wqkv.parametrizations.weight.original",
        "adapter": "roberta.encoder.layers.0.mixer.Wqkv.parametrizations.weight.0.lora_A",
        "embedding": "roberta.embeddings.word_embeddings.parametrizations.weight.original",
    },
    "Griffin, its own code": {
        "mixer": "blocks.0.recurrent_block.linear_x.weight blocks.0.recurrent_block.conv_1d.w "
        "blocks.0.recurrent_block.rg_lru.a_param",
        "attention": "blocks.2.attention_block.proj_q.weight blocks.2.attention_block.proj_final.weight",
        "mlp": "blocks.0.mlp_block.ffw_up.w blocks.0.mlp_block.ffw_down.weight",
    },
    "Evo": {
        "mixer": "backbone.blocks.0.filter.poles backbone.blocks.0.filter.short_filter_weight "
        "backbone.blocks.0.projections.weight backbone.blocks.0.out_filter_dense.weight",
        "attention": "backbone.blocks.8.inner_mha_cls.Wqkv.weight backbone.blocks.8.inner_mha_cls.out_proj.weight",
    },
    "Moshi, its own code": {
        "embedding": "emb.0.weight text_emb.weight depformer_emb.0.weight",
        "attention": "transformer.layers.0.self_attn.in_proj_weight transformer.layers.0.self_attn.out_proj.weight",
        "mlp": "transformer.layers.0.gating.linear_in.weight depformer.layers.0.gating.0.linear_in.weight "
        "depformer.layers.0.gating.0.linear_out.weight",
        "head": "text_linear.weight linears.0.weight linears.1.weight",
    },
    "Bark, its own code": {
        "embedding": "transformer.wtes.0.weight transformer.wpe.weight",
        "head": "lm_heads.0.weight",
    },
    "VITS, its own code": {
        "embedding": "enc_p.emb.weight",
        "attention": "enc_p.encoder.attn_layers.0.conv_q.weight",
        "norm": "enc_p.encoder.norm_layers_1.0.gamma enc_p.encoder.norm_layers_1.0.beta",
        "mlp": "enc_p.encoder.ffn_layers.0.conv_1.weight",
    },
    "Pixtral in Mistral's files": {
        "attention": "vision_encoder.transformer.layers.0.attention.wq.weight",
        "other": "vision_language_adapter.w_in.weight vision_language_adapter.w_out.bias",
    },
    "GPT-NeoX's layers in files of their own": {
        "attention": "attention.query_key_value.weight attention.dense.weight",
        "mlp": "mlp.dense_h_to_4h.weight",
        "head": "final_linear.weight",
    },
    "ESPnet": {
        "attention": "encoder.encoders.0.self_attn.linear_q.weight",
        "mlp": "encoder.encoders.0.feed_forward.w_1.weight",
        "norm": "encoder.encoders.0.norm_ff.weight encoder.after_norm.weight",
        "head": "ctc.ctc_lo.weight decoder.output_layer.weight",
    },
    "CTC in NeMo": {
        "attention": "encoder.layers.0.self_attn.linear_q.weight encoder.layers.0.self_attn.pos_bias_u",
        "mlp": "encoder.layers.0.feed_forward1.linear1.weight",
        "head": "decoder.decoder_layers.0.weight",
    },
    "a classifier on a backbone": {
        "attention": "backbone.layers.0.self_attn.q_proj.weight",
        "mlp": "backbone.layers.0.fc.weight",
        "head": "fc.weight",
    },
    "torchvision's Inception": {
        "other": "Conv2d_1a_3x3.conv.weight",
        "head": "fc.weight",
    },
    "timm's ConvNeXt and Swin": {
        "mlp": "stages.0.blocks.0.mlp.fc1.weight",
        "norm": "head.norm.weight",
        "head": "head.fc.weight head.fc.bias",
    },
    "RoBERTa before its norms": {
        "attention": "roberta_prelayernorm.encoder.layer.0.attention.self.query.weight",
        "mlp": "roberta_prelayernorm.encoder.layer.0.output.dense.weight",
    },
    "T5": {
        "embedding": "shared.weight decoder.embed_tokens.weight",
        "attention": "encoder.block.0.layer.0.SelfAttention.q.weight decoder.block.0.layer.1.EncDecAttention.o.weight",
        "mlp": "encoder.block.0.layer.1.DenseReluDense.wi_0.weight decoder.block.0.layer.2.DenseReluDense.wo.weight",
        "norm": "encoder.block.0.layer.0.layer_norm.weight encoder.final_layer_norm.weight",
    },
    "timm's ViT": {
        "embedding": "cls_token pos_embed patch_embed.proj.weight",
        "attention": "blocks.0.attn.qkv.weight blocks.0.attn.proj.weight",
        "mlp": "blocks.0.mlp.fc1.weight",
        "norm": "blocks.0.norm1.weight fc_norm.weight",
        "other": "blocks.0.ls1.gamma",
        "head": "head.weight head.bias",
    },
    "CLIP, OpenAI's own": {
        "embedding": "token_embedding.weight visual.positional_embedding visual.class_embedding",
        "attention": "transformer.resblocks.0.attn.in_proj_weight visual.transformer.resblocks.0.attn.out_proj.weight",
        "mlp": "transformer.resblocks.0.mlp.c_fc.weight visual.transformer.resblocks.0.mlp.c_proj.weight",
        "norm": "transformer.resblocks.0.ln_1.weight visual.ln_pre.weight ln_final.weight",
        "other": "logit_scale text_projection visual.proj",
    },
    "Whisper, OpenAI's own": {
        "embedding": "decoder.token_embedding.weight encoder.positional_embedding",
        "attention": "encoder.blocks.0.attn.query.weight decoder.blocks.0.cross_attn.out.weight",
        "mlp": "encoder.blocks.0.mlp.0.weight decoder.blocks.0.mlp.2.bias",
        "norm": "encoder.blocks.0.attn_ln.weight decoder.blocks.0.cross_attn_ln.bias encoder.ln_post.weight",
        "other": "encoder.conv1.weight encoder.conv2.bias",
    },
    "fairseq": {
        "attention": "encoder.layers.0.self_attn.k_proj.weight decoder.layers.0.encoder_attn.out_proj.weight",
        "mlp": "encoder.layers.0.fc1.weight decoder.layers.0.fc2.bias",
        "norm": "encoder.layers.0.self_attn_layer_norm.weight decoder.layers.0.final_layer_norm.weight",
        "head": "decoder.output_projection.weight",
    },
    "Megatron": {
        "embedding": "embedding.word_embeddings.weight embedding.position_embeddings.weight",
        "attention": "decoder.layers.0.self_attention.linear_qkv.weight "
        "decoder.layers.0.self_attention.linear_proj.weight",
        "mlp": "decoder.layers.0.mlp.linear_fc1.weight decoder.layers.0.mlp.linear_fc2.weight",
        "router": "decoder.layers.1.mlp.router.weight",
        "head": "output_layer.weight",
    },
    "torch.nn.TransformerEncoder": {
        "attention": "layers.0.self_attn.in_proj_weight layers.0.self_attn.out_proj.bias",
        "mlp": "layers.0.linear1.weight layers.0.linear2.bias",
        "norm": "layers.0.norm1.weight",
    },
    "torch.nn.MultiheadAttention and LSTM, whatever the module is called": {
        "attention": "block.0.in_proj_weight block.0.in_proj_bias block.0.out_proj.weight block.0.out_proj.bias "
        "other.0.q_proj_weight other.0.k_proj_weight other.0.v_proj_weight other.0.bias_k other.0.bias_v",
        "mixer": "memory.weight_ih_l0 memory.weight_hh_l1_reverse memory.bias_ih_l0 cell.weight_hh cell.bias_hh",
    },
    "Sapiens' and Doge's factors": {
        "attention": "blocks.0.attn.proj.weight",
        "other": "blocks.0.attn.gamma.weight layers.0.post_attention_residual",
        "norm": "blocks.0.LayerNorm.gamma",
    },
    "torchvision's ViT": {
        "attention": "encoder.layers.encoder_layer_0.self_attention.in_proj_weight",
        "mlp": "encoder.layers.encoder_layer_0.mlp.0.weight",
        "head": "heads.head.weight",
    },
    "diffusers' UNet": {
        "attention": "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight "
        "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0.weight",
        "mlp": "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight",
        "norm": "down_blocks.0.resnets.0.norm1.weight",
        "other": "down_blocks.0.resnets.0.conv1.weight conv_in.weight",
    },
    "adapters of PEFT": {
        "adapter": "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight "
        "base_model.model.model.layers.0.mlp.up_proj.lora_B.default.weight "
        "base_model.model.model.layers.0.self_attn.v_proj.lora_magnitude_vector",
        "attention": "base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight",
        "head": "base_model.model.lm_head.modules_to_save.default.weight",
    },
    "packed weights": {
        "attention": "model.layers.0.self_attn.q_proj.qweight model.layers.0.self_attn.q_proj.qzeros "
        "model.layers.0.self_attn.q_proj.scales model.layers.0.self_attn.q_proj.g_idx "
        "model.layers.0.self_attn.k_proj.weight_packed model.layers.0.self_attn.k_proj.weight_scale "
        "model.layers.0.self_attn.v_proj.weight.absmax model.layers.0.self_attn.v_proj.SCB "
        "model.layers.0.self_attn.v_proj.weight.quant_state.bitsandbytes__nf4",
        "mlp": "model.layers.0.mlp.up_proj.qweight model.layers.0.mlp.up_proj.weight.nested_absmax",
    },
}


def _shape(name: str) -> Shape:
    """A vector for what is one in every model, and a matrix for the rest."""
    words = name.split(".")
    vector = words[-1] in {"bias", "gamma", "beta", "A_log", "D", "sinks", "scales", "SCB", "absmax"}
    norm = any(part in word for word in words[-2:] for part in ("norm", "ln_", "_ln", "ln1", ".ln"))
    return (64,) if vector or norm or words[-2:-1] == ["ln"] else (64, 32)


@pytest.mark.parametrize("model", MODELS)
def test_each_name_counts_where_its_module_does(model: str) -> None:
    expected = {name: category for category, names in MODELS[model].items() for name in names.split()}
    got = categories_of([(template_of(name), _shape(name)) for name in expected], ModelConfig.of({}))
    assert dict(zip(expected, got)) == expected


WORDS = st.sampled_from(
    ["", "model", "layers", "self_attn", "mlp", "gate", "experts", "mixer", "norm", "weight", "bias", "\x1b[2J", "é"]
)
NAMES = st.one_of(st.lists(WORDS, max_size=8).map(".".join), st.text(max_size=40))
SHAPES = st.lists(st.integers(0, 4), max_size=5).map(tuple)


@given(st.lists(st.tuples(NAMES.map(template_of), SHAPES), max_size=12), st.randoms())
def test_any_names_have_a_known_category_whatever_their_order(tensors: list[tuple[str, Shape]], random: object) -> None:
    got = dict(zip(tensors, categories_of(tensors, ModelConfig.of({}))))
    assert set(got.values()) <= set(CATEGORIES)
    shuffled = list(tensors)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dict(zip(shuffled, categories_of(shuffled, ModelConfig.of({})))) == got


@pytest.mark.parametrize("name", ["", ".", "." * 100_000, "attn" * 1_000_000, "\n", "a.\x1b]0;x\x07.weight"])
def test_names_made_to_break_it(name: str) -> None:
    assert categories_of([(name, (2, 2)), (f"{name}.weight", (2,))], ModelConfig.of({}))[0] in CATEGORIES


def test_a_config_of_any_kind_is_borne() -> None:
    configs: list[dict[str, object]] = [
        {},
        {"model_type": 3},
        {"model_type": None, "architectures": "x"},
        {"text_config": []},
    ]
    for config in configs:
        assert categories_of([("wte.weight", (4, 2))], ModelConfig.of(config)) == ["embedding"]


@pytest.mark.parametrize(("shapes", "category"), [([(10, 84)], "head"), ([(120, 400), (84, 120), (10, 84)], "mlp")])
def test_of_several_unlike_fully_connected_layers_most_are_no_head(
    shapes: list[tuple[int, ...]], category: str
) -> None:
    # LeNet's conv1, conv2, fc1, fc2, fc3 beside ResNet's conv1, …, fc.
    tensors: list[tuple[str, tuple[int, ...]]] = [("conv.weight", (6, 1, 5, 5))]
    tensors += [("fc.weight", shape) for shape in shapes] + [("fc.bias", shape[:1]) for shape in shapes]
    assert set(categories_of(tensors, ModelConfig.of({}))[1:]) == {category}


@pytest.mark.parametrize("prefix", ["", "net.", "mlp.", "encoder.head."])
def test_a_linear_layers_bias_in_a_list_is_what_its_weight_is_and_a_norms_is_a_norms(
    prefix: str, tmp_path: Path
) -> None:
    shapes = {"0": (256, 64), "1": (256,), "3": (256, 256), "5": (256, 8, 3, 3), "7": (10, 256), "8": (10,)}
    weights = {f"{prefix}{n}.weight": ("F32", shape) for n, shape in shapes.items()}
    tensors: Tensors = {**weights, **{f"{prefix}{n}.bias": ("F32", shape[:1]) for n, shape in shapes.items()}}
    found = {
        tensor.name: classification.category
        for tensor, classification in counted(model_in(tmp_path, tensors)).tensors()
    }
    for n, shape in shapes.items():
        weight, bias = (found[f"{prefix}{n}.{kind}"] for kind in ("weight", "bias"))
        assert bias == weight
        assert (weight == "norm") == (len(shape) == 1)
