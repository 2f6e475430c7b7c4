"""Names whose category hangs on their shapes or on what stands beside them, as the models have them."""

from __future__ import annotations

import pytest

from core.checkpoint.config import ModelConfig
from core.classify.categorizer import categories_of
from core.naming.template import template_of

# Each a part of a checkpoint: a category, and the tensors that count to it, each with its shape.
MODELS: dict[str, dict[str, str]] = {
    "Conditional DETR, its own code": {
        "attention": "decoder.layers.0.sa_qcontent_proj.weight=256,256 decoder.layers.0.sa_qcontent_proj.bias=256 "
        "decoder.layers.0.sa_kpos_proj.weight=256,256 decoder.layers.0.sa_v_proj.weight=256,256 "
        "decoder.layers.0.ca_kcontent_proj.weight=256,256 decoder.layers.0.ca_qpos_proj.bias=256 "
        "decoder.layers.0.ca_qpos_sine_proj.weight=256,256 decoder.layers.0.ca_v_proj.bias=256",
        "norm": "decoder.layers.0.norm1.weight=256",
    },
    "Canary, NeMo's code": {
        "mlp": "transf_decoder._decoder.layers.0.third_sub_layer.mlp.weight=64,32",
        "head": "log_softmax.mlp.layer0.weight=16384,1024 log_softmax.mlp.layer0.bias=16384",
    },
    "RNN-T in NeMo": {
        "other": "joint.pred.weight=64,64 joint.enc.weight=64,64",
        "head": "joint.joint_net.2.weight=1001,64 joint.joint_net.2.bias=1001",
    },
    "PatchTST": {"embedding": "model.encoder.positional_encoder.position_enc=32,128"},
    "SAM 3": {
        "embedding": "prompt_encoder.mask_embed.conv1.weight=4,1,2,2 prompt_encoder.mask_embed.conv1.bias=4 "
        "prompt_encoder.no_mask_embed.weight=1,256",
        "head": "mask_decoder.mask_embedder.layers.0.weight=256,256 mask_decoder.mask_embedder.layers.0.bias=256",
        "other": "geometry_encoder.boxes_pos_enc_project.weight=256,258",
    },
    "a head that is a convolution of one point": {
        "head": "word_timestamp_head.weight=23863,1280,1 word_timestamp_head.bias=23863",
        "convolution": "mask_head.weight=8,8,3 mask_head.bias=8",
    },
    "Qwen4's hyper-connections": {
        "other": "layers.0.attn_hyper_connection.input_mix_weight_down.weight=320,8192 "
        "layers.0.mlp_hyper_connection.block_inject_weight.weight=4,8192",
        "attention": "layers.0.self_attn.o_proj.weight=64,64",
    },
    "DeepSeek-V4's hyper-connections": {
        "other": "layers.0.attn_hc.fn=24,16384 layers.0.attn_hc.base=24 layers.0.ffn_hc.scale=3 "
        "layers.0.hc_attn_fn=24,16384 layers.0.hc_ffn_base=24 hc_head.hc_fn=4,16384 hc_head_base=4",
        "norm": "layers.0.attn_norm.weight=64",
    },
    "HunYuan V4's hyper-connections": {
        "other": "layers.0.hc_pre.hc_attn_layer.hc_fn=8,11264 layers.0.hc_pre.hc_mlp_layer.hc_base=8",
    },
    "Decision Transformer": {
        "head": "predict_state.weight=17,128 predict_state.bias=17 predict_action.0.weight=4,128 "
        "predict_action.0.bias=4 predict_return.weight=1,128",
    },
    "Gemma 4's mixture of experts": {
        "router": "layers.0.router.per_expert_scale=8 layers.0.router.proj.weight=8,64",
        "mlp": "layers.0.experts.gate_up_proj=8,64,64",
    },
    "Gemma 3n": {
        "other": "altup_projections.0.weight=64,64 altup_unembed_projections.0.weight=64,64",
        "embedding": "embed_tokens.weight=100,64",
    },
    "shared experts' gate in Megatron": {
        "router": "decoder.layers.0.mlp.shared_experts.gate_weight=1,64",
        "mlp": "decoder.layers.0.mlp.shared_experts.linear_fc1.weight=64,64",
    },
    "CAFormer": {
        "attention": "stages.2.blocks.0.token_mixer.qkv.weight=96,32 stages.2.blocks.0.token_mixer.proj.weight=32,32",
        "mixer": "stages.0.blocks.0.token_mixer.pwconv1.weight=64,32,1,1 "
        "stages.0.blocks.0.token_mixer.dwconv.weight=64,1,7,7 stages.0.blocks.0.token_mixer.act1.scale=1",
    },
    "EfficientFormerV2": {
        "attention": "stages.2.blocks.9.token_mixer.q.conv.weight=64,32,1,1 "
        "stages.2.blocks.9.token_mixer.q.conv.bias=64 "
        "stages.2.blocks.9.token_mixer.k.conv.weight=64,32,1,1 stages.2.blocks.9.token_mixer.v.conv.weight=64,32,1,1 "
        "stages.2.blocks.9.token_mixer.proj.conv.weight=32,64,1,1 "
        "stages.2.blocks.9.token_mixer.talking_head1.weight=8,8,1,1",
        "norm": "stages.2.blocks.9.token_mixer.q.bn.weight=64",
    },
    "FastViT": {
        "attention": "stages.3.blocks.0.token_mixer.qkv.weight=96,32 stages.3.blocks.0.token_mixer.proj.bias=32",
        "mixer": "stages.0.blocks.0.token_mixer.reparam_conv.weight=96,1,3,3 "
        "stages.0.blocks.0.token_mixer.mixer.conv_scale.conv.weight=76,1,1,1",
        "embedding": "stages.3.pos_emb.pos_enc.weight=608,1,7,7",
    },
    "iFormer": {
        "attention": "stages.2.blocks.15.mixer.module.q.c.weight=48,48,1,1 "
        "stages.2.blocks.15.mixer.module.v_gate.c.weight=96,48,1,1 "
        "stages.2.blocks.15.mixer.module.proj.c.weight=48,48,1,1",
        "mixer": "stages.0.blocks.0.mixer.module.0.c.weight=48,1,7,7",
    },
    "Sequencer and ResMLP": {
        "mixer": "stages.0.blocks.0.rnn_tokens.rnn_h.weight_ih_l0=192,192 "
        "stages.0.blocks.0.rnn_tokens.fc.weight=192,192 "
        "stages.0.blocks.0.rnn_tokens.fc.bias=192 blocks.0.linear_tokens.weight=784,784 "
        "blocks.0.linear_tokens.bias=784",
        "embedding": "register_tokens=1,4,64 mask_tokens.weight=4,64 mask_embed=64",
    },
    "Idefics' resampler": {
        "attention": "perceiver_resampler.blocks.0.0.q_proj.weight=1536,768 "
        "perceiver_resampler.blocks.0.0.output_proj.weight=768,1536",
        "mlp": "perceiver_resampler.blocks.0.1.fc.weight=3072,768 "
        "perceiver_resampler.blocks.0.1.c_proj.weight=768,3072",
    },
    "EoMT": {
        "embedding": "query.weight=200,1024",
        "head": "mask_head.fc1.weight=1024,1024",
    },
    "Aria's projector, whose query is no table": {"attention": "multi_modal_projector.query=256,1152"},
    "Mask2Former": {
        "head": "decoder.mask_predictor.mask_embedder.0.0.weight=256,256 "
        "decoder.mask_predictor.mask_embedder.0.0.bias=256",
    },
    "OneFormer": {"head": "decoder.mask_embed.layers.0.0.weight=256,256 decoder.mask_embed.layers.0.0.bias=256"},
    "Next-ViT": {
        "attention": "stages.1.blocks.3.e_mhsa.q.weight=192,192 stages.1.blocks.3.e_mhsa.proj.bias=192 "
        "stages.0.blocks.0.mhca.group_conv3x3.weight=96,32,3,3 stages.0.blocks.0.mhca.projection.weight=96,96,1,1",
    },
    "CoaT": {
        "attention": "serial_blocks1.0.factoratt_crpe.qkv.weight=192,64 "
        "serial_blocks1.0.factoratt_crpe.proj.weight=64,64",
    },
    "EdgeNeXt": {
        "attention": "stages.1.blocks.2.xca.qkv.weight=480,160 stages.1.blocks.2.xca.proj.weight=160,160 "
        "stages.1.blocks.2.xca.temperature=8,1,1",
        "other": "stages.1.blocks.2.gamma_xca=160 stages.0.blocks.0.gamma=24",
        "norm": "stages.1.blocks.2.norm_xca.weight=160",
    },
    "OpenFold": {
        "attention": "structure_module.ipa.linear_q.weight=64,64 structure_module.ipa.linear_kv.bias=64",
        "mlp": "evoformer.blocks.0.msa_transition.linear_1.weight=256,64 "
        "evoformer.blocks.0.core.pair_transition.linear_2.bias=64",
        "norm": "evoformer.blocks.0.msa_transition.layer_norm.weight=64",
    },
    "DenseNet's transitions": {"convolution": "features.transition1.conv.weight=128,256,1,1"},
    "squeeze and excitation, named for an attention": {
        "other": "stages.0.0.attn.fc1.weight=8,64,1,1 stages.0.0.attn.fc1.bias=8 "
        "stages.0.0.attn_last.fc2.weight=64,8,1,1 "
        "stages.0.1.attention.fc.weight=128,128,1,1 layer1.0.conv2.attn.fc_reduce.weight=16,64,1,1",
        "norm": "stages.0.0.attn.bn.weight=8",
    },
    "squeeze and excitation, not named or named so": {
        "other": "features.1.block.1.fc1.weight=8,16,1,1 features.1.block.1.fc2.bias=16 "
        "features.1.block.1.fc2.weight=16,8,1,1 blocks.0.se.fc1.weight=16,64,1,1 layer1.0.se_module.fc1.bias=16 "
        "layers.squeeze_excitation.fc2.weight=64,16,1,1",
    },
    "perceptrons of 1 × 1 convolutions": {
        "mlp": "stages.0.blocks.0.mlp.fc1.weight=64,16,1,1 stages.0.blocks.0.mlp.fc1.bias=64 "
        "network.0.blocks.2.linear.fc2.weight=16,64,1,1",
    },
    "DLA": {
        "convolution": "base_layer.0.weight=16,3,7,7 level0.0.weight=16,16,3,3",
        "head": "fc.weight=1000,1024,1,1 fc.bias=1000",
    },
    "Gated DeltaNet, flash-linear-attention's": {
        "mixer": "layers.0.attn.q_proj.weight=64,64 layers.0.attn.k_proj.weight=64,64 layers.0.attn.a_proj.weight=4,64 "
        "layers.0.attn.b_proj.weight=4,64 layers.0.attn.g_proj.weight=64,64 layers.0.attn.o_proj.weight=64,64 "
        "layers.0.attn.q_conv1d.weight=64,1,4 layers.0.attn.A_log=4 layers.0.attn.dt_bias=4",
        "norm": "layers.0.attn.o_norm.weight=16",
    },
    "Kimi Linear, with latent attention in layers of the same name": {
        "mixer": "layers.0.self_attn.k_proj.weight=64,64 layers.0.self_attn.A_log=4",
        "attention": "layers.3.self_attn.q_proj.weight=64,64 layers.3.self_attn.kv_b_proj.weight=64,32 "
        "layers.3.self_attn.o_proj.weight=64,64",
    },
    "RetNet, flash-linear-attention's": {
        "mixer": "layers.0.attn.q_proj.weight=64,64 layers.0.attn.o_proj.weight=64,64 "
        "layers.0.attn.g_proj.weight=64,64",
        "norm": "layers.0.attn.g_norm_swish_gate.weight=16",
    },
    "wav2vec 2.0, fairseq's": {
        "embedding": "encoder.pos_conv.0.bias=64 encoder.pos_conv.0.weight_g=1,1,128 "
        "encoder.pos_conv.0.weight_v=64,4,128",
    },
    "GhostNetV2": {
        "other": "blocks.2.0.ghost1.short_conv.0.weight=116,40,1,1",
        "norm": "blocks.2.0.ghost1.short_conv.1.weight=116",
    },
    "a short convolution that mixes tokens": {
        "mixer": "layers.0.short_conv.conv.weight=64,1,3 layers.0.short_conv.in_proj.weight=192,64",
    },
    "x-transformers with RMSNorm": {
        "norm": "attn_layers.layers.0.0.0.g=256 attn_layers.final_norm.g=256",
        "attention": "attn_layers.layers.0.1.to_q.weight=256,256",
    },
    "x-transformers with LayerNorm": {"norm": "attn_layers.layers.0.0.0.gamma=256"},
    "ConvNeXt, whose factors stand beside convolutions": {
        "convolution": "stages.0.0.gamma=64 stages.0.0.dwconv.weight=64,1,7,7",
        "other": "blocks.0.layer_scales.0.gamma=64",
    },
}


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in text.split(","))


@pytest.mark.parametrize("model", MODELS)
def test_each_tensor_counts_where_its_module_does(model: str) -> None:
    expected = {
        (template_of(name), _shape(shape)): category
        for category, tensors in MODELS[model].items()
        for name, shape in (tensor.split("=") for tensor in tensors.split())
    }
    assert dict(zip(expected, categories_of(list(expected), ModelConfig.of({})))) == expected
