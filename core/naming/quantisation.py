"""The names of what libraries for quantised weights store: packed weights, and scales and the like that go with them.

They are names without digits (`core.naming.template`), mostly the last words of them.
"""

from __future__ import annotations

from core.naming.components import WEIGHT_WORDS

# By the name of packed weights, what goes with them in their module. HQQ's `W_q` is not here: all that lies in its
# module goes with it but a bias.
QUANTIZATION_OF_SAME_MODULE: dict[str, tuple[str, ...]] = {
    "qweight": (
        *("scales", "zeros", "scaled_zeros", "perm", "pairs", "theta", "channel_scales", "tables"),
        *("wscales", "wzeros", "wtscale", "wcscales", "smooth_factor", "smooth_factor_orig", "proj_down", "proj_up"),
    ),
    "compressed": ("bitmask", "shape", "row_offsets"),
    "codes": ("codebooks", "scales"),
    "q_weight": ("q_perm", "q_invperm", "q_scale", "q_scale_max", "q_groups", "q_group_map"),
    "trellis": ("suh", "svh", "su", "sv", "mcg", "mul"),
    "indices": ("centroids", "perm", "weight_scale", "weight_bias"),
    "B": ("s", "s_channel", "s_group", "workspace"),
    "weight_packed": ("meta",),
}
# Quantisation data wherever it stands, since nothing else is called so.
QUANTIZATION_DATA = {
    *("qzeros", "g_idx", "weight_scale_inv", "weight_zero_point", "weight_g_idx", "weight_global_scale"),
    *("input_global_scale", "weight_scale_", "scale_packed", "absmax", "quant_map", "nested_absmax"),
    *("nested_quant_map", "bitsandbytes__nf", "bitsandbytes__fp", "SCB", "scale_inv", "qscale_weight", "qscale_act"),
    *("scaled_fp", "comfy_quant"),
}
# Quantisation data where the config says that the checkpoint is quantised.
QUANTIZATION_DATA_BY_CONFIG = {"weight_scale", "weight_shape"}
# Quantisation data where the module's weights have few bits.
QUANTIZATION_DATA_OF_FEW_BITS = {
    *("weight_scale", "weight_scales", "weight_shape", "weight_format", "input_scale", "output_scale"),
    *("input_scale_ub", "activation_scale", "input_zero_point", "scale", "scales", "biases", "qbiases", "tables"),
    *("act_scale", "pre_quant_scale"),
    *("scale_weight", "scale_input"),  # ComfyUI
}
# Scales of activations: single values in a quantised checkpoint, which may lie in modules that have no weights.
ACTIVATION_SCALES = {"k_scale", "v_scale", "q_scale", "prob_output_scale", "input_scale", "output_scale"}
# Quantisation data that has the whole name of its weight, and this word after it.
WORDS_AFTER_WEIGHT = {
    *("absmax", "quant_map", "nested_absmax", "nested_quant_map", "bitsandbytes__nf", "bitsandbytes__fp"),
    *("_data", "_scale", "_shift"),
}
# What is added to a weight's name, in the same word.
WEIGHT_SCALE_ENDINGS = (
    *("_weight_scale_inv", "_weight_scale_", "_weight_scale", "_scale_inv", "_scales", "_scale", "_scale_"),
)
INPUT_SCALE_ENDINGS = ("_input_scale", "_activation_scale", "_input_global_scale")
ZERO_POINT_ENDINGS = ("_zero_point", "_scale_and_zero")
PACKED_ENDINGS = ("_blocks", "_packed", "_qdata")
# Weights of few bits by which other tensors of their module are known for quantisation data.
PACKED_WEIGHTS = (*WEIGHT_WORDS, "compressed", "blocks")
PACKED_PARAMS = "_packed_params._packed_params"
"""Where PyTorch's own quantised linear layers keep weight and bias (torch.ao.nn.quantized.modules.linear)."""
