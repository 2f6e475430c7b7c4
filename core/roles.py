"""Which stored tensors are parameters, and which are something else."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from core.stored import StoredTensor

Role = Literal["parameter", "buffer", "tied", "quantization"]

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
    "num_tokens_per_expert",
}
# The same of llama.cpp, whose names end in weight or bias all the same (llama-arch.cpp).
_BUFFER_MODULES = {
    "rope_freqs",  # factors of the rotary frequencies, by the config
    "rope_factors_long",
    "rope_factors_short",
    "attn_rot_embd",
    "exp_probs_b",  # e_score_correction_bias
}
_MASKS = {"bias", "mask"}
# No gradient reaches whole numbers; of these no packed weights are made either.
_NEVER_TRAINED = {"BOOL", "I64", "U64", "I16", "U16"}
_SCALES = {"weight_scale_inv", "weight_scale", "input_scale", "scale_inv", "scale"}
# How the dtypes of weights begin that such scales go with; the last three are ggml's.
_SCALED = ("F8", "I8", "U8", "F4", "TQ", "NVFP4", "Q")
_INPUT_EMBEDDINGS = {
    "wte",
    "embed_tokens",
    "word_embeddings",
    "tok_embeddings",
    "embed_in",
    "shared",
    "token_embd",
}
_OUTPUT_HEADS = {"lm_head", "embed_out", "output", "decoder"}


class Siblings(NamedTuple):
    """The other tensors of a checkpoint, as far as a tensor's role depends on them.

    Attributes:
        skeletons: all names without digits, with a dtype that one of them has.
        input_embeddings: name, shape of the input embeddings, by which a tied head is known.
        tied: whether the config ties them: yes, no, or not said.
    """

    skeletons: dict[str, str]
    input_embeddings: list[tuple[str, tuple[int, ...]]]
    tied: bool | None

    @classmethod
    def of(cls, tensors: list[tuple[str, StoredTensor]], config: dict[str, Any]) -> Siblings:
        """Of a checkpoint's names without digits, each with one of its tensors, and its config."""
        embeddings = [
            (tensor.name, tensor.shape)
            for skeleton, tensor in tensors
            if skeleton.endswith(".weight") and skeleton.split(".")[-2] in _INPUT_EMBEDDINGS
        ]
        return cls({skeleton: tensor.dtype for skeleton, tensor in tensors}, embeddings, _tie_flag(config))


def role_of(skeleton: str, tensor: StoredTensor, siblings: Siblings) -> Role:
    """The role of a tensor that shares no storage with an earlier one.

    Args:
        skeleton: its name without digits.
        tensor: itself; its shape tells a causal mask from a bias.
        siblings: the rest of the checkpoint.
    """
    path, _, last = skeleton.rpartition(".")
    if last in _BUFFERS or path.rpartition(".")[2] in _BUFFER_MODULES:
        return "buffer"
    if tensor.dtype in _NEVER_TRAINED or _is_mask(path, last, tensor.shape):
        return "buffer"
    if last in _SCALES and siblings.skeletons.get(f"{path}.weight", "").startswith(_SCALED):
        return "quantization"
    if tied_to(skeleton, tensor, siblings):
        return "tied"
    return "parameter"


def tied_to(skeleton: str, tensor: StoredTensor, siblings: Siblings) -> str:
    """The input embedding whose values a stored output head repeats; "" where it has its own.

    The config's `tie_word_embeddings` decides. Where it says nothing, GPT-2's names do: its head is always its
    `wte`, while GPT-J and CodeGen, which have the same names, give theirs a bias.
    """
    parts = skeleton.split(".")
    if parts[-1] != "weight" or len(parts) < 2 or parts[-2] not in _OUTPUT_HEADS or siblings.tied is False:
        return ""
    for name, shape in siblings.input_embeddings:
        if shape != tensor.shape or name == tensor.name:
            continue
        named_so = parts[-2] == "lm_head" and name.split(".")[-2] == "wte"
        if siblings.tied or (named_so and skeleton.removesuffix("weight") + "bias" not in siblings.skeletons):
            return name
    return ""


def _is_mask(path: str, last: str, shape: tuple[int, ...]) -> bool:
    """A causal mask, stored 1 × 1 × context × context; a bias that is trained has one dimension."""
    if last not in _MASKS or len(shape) < 2 or shape[-1] != shape[-2] or any(n != 1 for n in shape[:-2]):
        return False
    return path.rpartition(".")[2] in {"attn", "attention", "self_attn", "self"}


def _tie_flag(config: dict[str, Any]) -> bool | None:
    text_config = config.get("text_config")
    for part in (config, text_config if isinstance(text_config, dict) else {}):
        flag = part.get("tie_word_embeddings")
        if isinstance(flag, bool):
            return flag
    return None
