"""Which stored tensors are parameters, and which are something else."""

from __future__ import annotations

from collections.abc import Container
from math import prod
from typing import Literal

from core.checkpoint.dtypes import DTYPES
from core.checkpoint.tensors import StoredTensor

Role = Literal["parameter", "buffer", "tied", "quantization", "optimizer"]

# Last parts of names that PyTorch modules register as buffers (not trained), each with where it is found.
_BUFFERS = {
    "running_mean",  # torch.nn.BatchNorm
    "running_var",
    "num_batches_tracked",
    "inv_freq",  # rotary embeddings, transformers
    "original_inv_freq",
    "position_ids",  # BERT, CLIP
    "token_type_ids",
    "masked_bias",  # GPT-2, GPT-Neo before transformers 4.30
    "causal_mask",  # CodeGen
    "attn_mask",  # Swin
    "relative_position_index",  # Swin, BEiT
    "relative_coords_table",  # Swin v2
    "e_score_correction_bias",  # DeepSeek-V3's router: set by a rule, not by gradients
    "expert_bias",  # the same in LFM2-MoE, Bailing, Megatron; in AFMoE a parameter that takes no gradient
    "tid2eid",  # DeepSeek-V4: to which experts a token goes
    "num_tokens_per_expert",
    "output_mask",  # e3nn
    *("cos_cached", "sin_cached", "freqs_cos", "freqs_sin", "freqs_cis"),  # rotary embeddings, remote code and EVA
    "_float_tensor",  # fairseq's sinusoids
    "positional_encoding_gaussian_matrix",  # SAM: drawn once
    "pos_idx_to_embed",  # Florence-2's sinusoids
    "final_logits_bias",  # BART, Marian, Pegasus
    "layer_scalar",  # Gemma 4
    *("input_min", "input_max", "output_min", "output_max"),  # its bounds of activations
    *("slope_rate", "query_decay", "key_decay", "diagonal_decay"),  # MiniMax
    "balancing_biases",  # ZAYA's router, as DeepSeek-V3's
    *("norm_mean", "norm_std", "global_mean", "global_invstd"),  # of inputs: RADIO, Phi-4
    *("window", "mel_filters", "mel_basis"),  # spectrograms: NeMo, torchaudio
    # The schedules of latent-diffusion.
    *("alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod"),
    *("log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm_alphas_cumprod"),
    *("posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef"),
    *("image_queue", "text_queue"),  # BLIP
    "anchor_grid",  # YOLO
    *("weight_integer", "bias_integer"),  # I-BERT
}
# Words that are names of parameters elsewhere, by the module that holds them, without "_" around.
_BUFFERS_OF = {
    # Moving averages of code vectors: EnCodec, Mimi and their own code.
    "codebook": {
        *("inited", "initialized", "cluster_size", "cluster_usage"),
        *("embed", "embed_avg", "embed_sum", "embedding_sum"),
    },
    "rotary_emb": {"alpha"},
    "act_fn": {"beta", "eps"},  # Apertus
    "shared_embedding": {"positional_embedding"},  # SAM
    "shared_image_embedding": {"positional_embedding"},
    "moe": {"router_bias"},  # Step 3.5's e_score_correction_bias
}
# Such words by what stands beside them in their module.
_BUFFERS_BESIDE = {
    # Of inputs: HiFi-GAN, LeRobot; a lone std is a policy's, trained (rsl_rl).
    **{"mean": ("std", "scale"), "std": ("mean",)},
    "betas": ("alphas_cumprod",),  # latent-diffusion; of radial functions they are trained (TorchMD-Net)
    "queue": ("queue_ptr",),  # MoCo
    # torch.nn.utils.spectral_norm; weight_norm has a weight_v that is trained.
    **{"weight_u": ("weight_orig",), "weight_v": ("weight_orig",)},
}
# What is called e_score_correction_bias elsewhere, by the names of experts among which it chooses: a router's linear
# layer may have a bias, as gpt-oss has it.
_SCORE_CORRECTIONS = {
    "ffn.gate.bias": "ffn.experts..w.weight",  # DeepSeek-V3 and V4 in their own code
    "mlp.gate.bias": "mlp.experts.w_weight",  # Inkling
}
# Modules of llama.cpp that are buffers, though their tensors are named weight or bias (llama-arch.cpp).
_BUFFER_MODULES = {
    "rope_freqs",  # factors of the rotary frequencies, by the config
    "rope_factors_long",
    "rope_factors_short",
    "attn_rot_embd",
    "exp_probs_b",  # e_score_correction_bias
}
# e3nn's Wigner 3j symbols: `_w3j_1_1_2`, without its digits.
_WIGNER = "_wj_"
# torch.nn.utils.parametrizations.spectral_norm
_POWER_VECTORS = {"_u", "_v"}
_MASKS = {"bias", "mask"}
# No gradient reaches whole numbers; of these packed weights are seldom made.
_NEVER_TRAINED = {"BOOL", "I64", "U64", "I16", "U16"}
_CODES = {"I16", "U16"}
"""Of these they are, as matrices: the codes of QuIP#, VPTQ and others."""
WHOLE_NUMBERS = {dtype.name: dtype.bits for dtype in DTYPES if dtype.kind == "integer" and dtype.bits >= 8}
"""Dtypes that packed weights are stored as, with their bits."""
SCALES = ("_weight_scale_inv", "_weight_scale_", "_weight_scale", "_scale_inv", "_scales", "_scale", "_scale_")
"""What is added to a weight's name for its scales, without digits."""
PACKED_PARAMS = "_packed_params._packed_params"
"""Where PyTorch's own quantised linear layers keep weight and bias (torch.ao.nn.quantized.modules.linear)."""
_SMALLEST_PACKED = 1 << 16


def role_of(template: str, tensor: StoredTensor, packed: bool, in_quantised: bool, names: Container[str] = ()) -> Role:
    """The role of a tensor that is no quantisation data and repeats no other.

    Args:
        template: its name without digits.
        tensor: itself; its shape tells a causal mask from a bias.
        packed: whether it is known to hold packed weights.
        in_quantised: whether the config says that the checkpoint is quantised; large tensors of whole numbers may
            then be weights in a layout that is not known.
        names: all names of the checkpoint without digits.
    """
    path, _, last = template.rpartition(".")
    if packed:
        return "parameter"
    module = path.rpartition(".")[2]
    if last in _BUFFERS or module in _BUFFER_MODULES or last.strip("_") in _BUFFERS_OF.get(module.strip("_"), ()):
        return "buffer"
    before = template.removesuffix(last)
    if last.endswith("_mask") and before + last.removesuffix("mask") + "orig" in names:  # torch.nn.utils.prune
        return "buffer"
    if any(before + other in names for other in _BUFFERS_BESIDE.get(last, ())):
        return "buffer"
    if _is_buffer_by_shape(module, last, tensor.shape):
        return "buffer"
    if module == "gate" and last == "bias":
        for ending, experts in _SCORE_CORRECTIONS.items():
            if template.endswith(ending) and template.removesuffix(ending) + experts in names:
                return "buffer"
    if last in _POWER_VECTORS and ".parametrizations." in f".{path}":
        return "buffer"
    if last.startswith(_WIGNER) or _is_mask(path, last, tensor.shape):
        return "buffer"
    if tensor.dtype in _NEVER_TRAINED:
        are_codes = tensor.dtype in _CODES and len(tensor.shape) > 1
        large = in_quantised and tensor.dtype != "BOOL" and prod(tensor.shape) >= _SMALLEST_PACKED
        return "parameter" if are_codes or large else "buffer"
    return "parameter"


def _is_buffer_by_shape(module: str, last: str, shape: tuple[int, ...]) -> bool:
    """Whether a word that parameters have too is a buffer's, by its shape and its module."""
    if last == "pe":  # sinusoids, PyTorch's tutorial and those after it; others train theirs
        return "pos" in module and "learn" not in module
    if last == "version":  # beside fairseq's sinusoids
        return prod(shape) == 1
    if last == "fb":  # NeMo, torchaudio: a matrix; a forget gate's bias is a vector
        return len(shape) > 1
    if last == "anchors":  # YOLO, RT-DETR: widths and heights, or boxes
        return len(shape) > 1 and shape[-1] in {2, 4}
    # Llama in Meta's files; timm's RotaryEmbeddingMixed trains frequencies by layer and head.
    return last == "freqs" and module == "rope" and len(shape) == 1


def _is_mask(path: str, last: str, shape: tuple[int, ...]) -> bool:
    """A causal mask, stored 1 × 1 × context × context; a bias that is trained has one dimension."""
    if last not in _MASKS or len(shape) < 2 or shape[-1] != shape[-2] or any(n != 1 for n in shape[:-2]):
        return False
    return path.rpartition(".")[2] in {"attn", "attention", "self_attn", "self"}
