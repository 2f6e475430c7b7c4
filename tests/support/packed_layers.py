"""Linear layers as the libraries for quantised weights store them: each from its name, out and in features."""

from __future__ import annotations

from functools import partial
from math import ceil

from tests.support.published_shapes import Layouts, Linear, plain


def gptq(name: str, out: int, columns: int, *, bits: int = 4, group: int = 128, order: bool = True) -> Layouts:
    groups = ceil(columns / group)
    tensors: Layouts = {
        f"{name}.qweight": ("I32", (ceil(columns * bits / 32), out)),
        f"{name}.qzeros": ("I32", (groups, ceil(out * bits / 32))),
        f"{name}.scales": ("F16", (groups, out)),
    }
    if order:
        tensors[f"{name}.g_idx"] = ("I32", (columns,))
    return tensors


def awq(name: str, out: int, columns: int, *, group: int = 128) -> Layouts:
    return {
        f"{name}.qweight": ("I32", (columns, out // 8)),
        f"{name}.qzeros": ("I32", (columns // group, out // 8)),
        f"{name}.scales": ("F16", (columns // group, out)),
    }


def awq_gemv(name: str, out: int, columns: int) -> Layouts:
    groups = 8 * ceil(columns // 128 / 8)
    return {
        f"{name}.qweight": ("I32", (out, columns // 8)),
        f"{name}.qzeros": ("I32", (out, groups // 8)),
        f"{name}.scales": ("F16", (out, groups)),
    }


def bitsandbytes_4bit(name: str, out: int, columns: int, *, nested: bool = True, storage: str = "U8") -> Layouts:
    weights = out * columns
    blocks = ceil(weights / 64)
    packed = weights // 2 if storage == "U8" else weights // 4
    tensors: Layouts = {
        f"{name}.weight": (storage, (packed, 1)),
        f"{name}.weight.absmax": ("U8" if nested else "F32", (blocks,)),
        f"{name}.weight.quant_map": ("F32", (16,)),
        f"{name}.weight.quant_state.bitsandbytes__nf4": ("U8", (168,)),
    }
    if nested:
        tensors[f"{name}.weight.nested_absmax"] = ("F32", (ceil(blocks / 256),))
        tensors[f"{name}.weight.nested_quant_map"] = ("F32", (256,))
    return tensors


def bitsandbytes_8bit(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight": ("I8", (out, columns)),
        f"{name}.SCB": ("F32", (out,)),
        f"{name}.weight_format": ("U8", ()),
    }


def mlx(name: str, out: int, columns: int, *, bits: int = 4, group: int = 64) -> Layouts:
    return {
        f"{name}.weight": ("U32", (out, columns * bits // 32)),
        f"{name}.scales": ("BF16", (out, columns // group)),
        f"{name}.biases": ("BF16", (out, columns // group)),
    }


def mlx_micro(name: str, out: int, columns: int, *, group: int = 32) -> Layouts:
    return {f"{name}.weight": ("U32", (out, columns // 8)), f"{name}.scales": ("U8", (out, columns // group))}


def compressed(name: str, out: int, columns: int, *, bits: int = 4, group: int = 128, zeros: bool = False) -> Layouts:
    groups = columns // group if group else 1
    tensors: Layouts = {
        f"{name}.weight_packed": ("I32", (out, ceil(columns * bits / 32))),
        f"{name}.weight_scale": ("BF16", (out, groups)),
        f"{name}.weight_shape": ("I64", (2,)),
    }
    if zeros:
        tensors[f"{name}.weight_zero_point"] = ("I32", (ceil(out * bits / 32), groups))
    return tensors


def compressed_nvfp4(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight_packed": ("U8", (out, columns // 2)),
        f"{name}.weight_scale": ("F8_E4M3", (out, columns // 16)),
        f"{name}.weight_global_scale": ("F32", (1,)),
        f"{name}.input_global_scale": ("F32", (1,)),
    }


def compressed_mxfp4(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight_packed": ("U8", (out, columns // 2)),
        f"{name}.weight_scale": ("U8", (out, columns // 32)),
    }


def compressed_mxfp6(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight_packed": ("U8", (out, columns * 3 // 4)),
        f"{name}.weight_scale": ("U8", (out, columns // 32)),
    }


def modelopt_nvfp4(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight": ("U8", (out, columns // 2)),
        f"{name}.weight_scale": ("F8_E4M3", (out, columns // 16)),
        f"{name}.weight_scale_2": ("F32", ()),
        f"{name}.input_scale": ("F32", ()),
        f"{name}.k_scale": ("F32", ()),
    }


def modelopt_int4(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight": ("U8", (out // 2, columns)),
        f"{name}.weight_scale": ("F32", (out, columns // 128)),
        f"{name}.pre_quant_scale": ("BF16", (columns,)),
    }


def int8(name: str, out: int, columns: int) -> Layouts:
    return {f"{name}.weight": ("I8", (out, columns)), f"{name}.weight_scale": ("BF16", (out, 1))}


def fp8(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight": ("F8_E4M3", (out, columns)),
        f"{name}.weight_scale": ("F32", ()),
        f"{name}.input_scale": ("F32", ()),
    }


def fp8_comfy(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight": ("F8_E4M3", (out, columns)),
        f"{name}.scale_weight": ("F32", ()),
        f"{name}.scale_input": ("F32", ()),
    }


def fp8_blocks(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight": ("F8_E4M3", (out, columns)),
        f"{name}.weight_scale_inv": ("F32", (ceil(out / 128), ceil(columns / 128))),
    }


def quark_mxfp4(name: str, out: int, columns: int) -> Layouts:
    return {f"{name}.weight": ("U8", (out, columns // 2)), f"{name}.weight_scale": ("U8", (out, columns // 32))}


def marlin_24(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight_packed": ("I32", (columns // 32, out * 2)),
        f"{name}.scale_packed": ("F16", (columns // 128, out)),
        f"{name}.meta": ("I16", (columns // 32, out * 2)),
    }


def sparse_24(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.compressed": ("F8_E4M3", (out, columns // 2)),
        f"{name}.bitmask": ("U8", (out, columns // 8)),
        f"{name}.shape": ("I64", (2,)),
        f"{name}.weight_scale": ("BF16", (out, 1)),
    }


def hqq(name: str, out: int, columns: int, *, bits: int = 4, group: int = 64, axis: int = 1) -> Layouts:
    groups = out * columns // group
    packed = ("I32", (ceil(groups / 10), group)) if bits == 3 else ("U8", (groups * bits // 8, group))
    return {
        f"{name}.W_q": packed if axis else ("U8", (group * bits // 8, groups)),
        f"{name}.scale": ("F16", (groups, 1) if axis else (1, groups)),
        f"{name}.zero": ("F16", (groups, 1) if axis else (1, groups)),
        f"{name}.nbits": ("I32", ()),
        f"{name}.shape": ("I64", (2,)),
        f"{name}.compute_dtype": ("U8", (13,)),
    }


def quanto_int4(name: str, out: int, columns: int) -> Layouts:
    groups = out * columns // 128
    return {
        f"{name}.weight._data._data": ("U8", (groups // 2, 128)),
        f"{name}.weight._scale": ("BF16", (groups, 1)),
        f"{name}.weight._shift": ("BF16", (groups, 1)),
        f"{name}.input_scale": ("BF16", ()),
        f"{name}.output_scale": ("BF16", ()),
    }


def torchao_int8(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}._weight_qdata": ("I8", (out, columns)),
        f"{name}._weight_scale": ("F32", (out, 1)),
        f"{name}._weight_zero_point": ("I8", (out, 1)),
    }


def torchao_int4(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}._weight_qdata": ("I8", (out, columns // 2)),
        f"{name}._weight_scale": ("BF16", (columns // 128, out)),
        f"{name}._weight_zero_point": ("BF16", (columns // 128, out)),
    }


def quanto_int8(name: str, out: int, columns: int) -> Layouts:
    return {f"{name}.weight._data": ("I8", (out, columns)), f"{name}.weight._scale": ("BF16", (out, 1))}


def aqlm(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.codes": ("I16", (out, columns // 8, 1)),
        f"{name}.codebooks": ("F16", (1, 65536, 1, 8)),
        f"{name}.scales": ("F16", (out, 1, 1, 1)),
    }


def bitnet(name: str, out: int, columns: int) -> Layouts:
    return {f"{name}.weight": ("U8", (out // 4, columns)), f"{name}.weight_scale": ("BF16", (1,))}


def eetq(name: str, out: int, columns: int) -> Layouts:
    return {f"{name}.weight": ("I8", (columns, out)), f"{name}.weight_scales": ("F16", (out,))}


def higgs(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.weight": ("I16", (out * 4 // 16, columns)),
        f"{name}.scales": ("F16", (out, columns // 256)),
        f"{name}.tables": ("F16", (16,)),
        f"{name}.tables2": ("F16", (16, 16, 2)),
    }


def exl2(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.q_weight": ("I32", (columns * 5 // 32, out)),
        f"{name}.q_invperm": ("I16", (columns,)),
        f"{name}.q_scale": ("I32", (columns // 128, out // 8)),
        f"{name}.q_scale_max": ("F16", (columns // 128,)),
        f"{name}.q_groups": ("I16", (2 * columns // 128,)),
    }


def exl3(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.trellis": ("I16", (columns // 16, out // 16, 64)),
        f"{name}.suh": ("F16", (columns,)),
        f"{name}.svh": ("F16", (out,)),
    }


def svdquant(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.qweight": ("I8", (out, columns // 2)),
        f"{name}.wscales": ("BF16", (columns // 64, out)),
        f"{name}.smooth_factor": ("BF16", (columns,)),
        f"{name}.smooth_factor_orig": ("BF16", (columns,)),
        f"{name}.proj_down": ("BF16", (columns, 32)),
        f"{name}.proj_up": ("BF16", (out, 32)),
    }


def svdquant_awq(name: str, out: int, columns: int) -> Layouts:
    return {
        f"{name}.qweight": ("I32", (out // 4, columns // 2)),
        f"{name}.wscales": ("BF16", (columns // 64, out)),
        f"{name}.wzeros": ("BF16", (columns // 64, out)),
    }


def fp_quant(name: str, out: int, columns: int) -> Layouts:
    return {f"{name}.qweight": ("U8", (out, columns // 2)), f"{name}.scales": ("U8", (out, columns // 32))}


COMPRESSED_4: dict[str, object] = {
    "quantization_config": {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "group_size": 128}}},
    }
}
COMPRESSED_CHANNELS: dict[str, object] = {
    "quantization_config": {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "group_size": None}}},
    }
}


def config(**quantization: object) -> dict[str, object]:
    return {"quantization_config": quantization}


# How a linear layer is stored, and what its config.json must say for it to be understood: mostly nothing.
SCHEMES: dict[str, tuple[Linear, dict[str, object]]] = {
    "plain": (plain, {}),
    **{f"gptq-{bits}": (partial(gptq, bits=bits), {}) for bits in (2, 3, 4, 8)},
    "gptq-no-order": (partial(gptq, order=False), {}),
    "gptq-channels": (partial(gptq, group=1 << 20), {}),
    "gptq-32": (partial(gptq, group=32), config(quant_method="gptq", bits=4, group_size=32)),
    "awq": (awq, {}),
    "awq-64": (partial(awq, group=64), config(quant_method="awq", bits=4, group_size=64)),
    "awq-gemv": (awq_gemv, config(quant_method="awq", bits=4, group_size=128, version="gemv")),
    "bnb-nf4": (bitsandbytes_4bit, {}),
    "bnb-nf4-plain": (partial(bitsandbytes_4bit, nested=False), {}),
    "bnb-nf4-bf16": (partial(bitsandbytes_4bit, storage="BF16"), {}),
    "bnb-int8": (bitsandbytes_8bit, {}),
    "mlx": (mlx, {}),
    **{
        f"mlx-{bits}-{group}": (
            partial(mlx, bits=bits, group=group),
            {"quantization": {"bits": bits, "group_size": group}},
        )
        for bits in (2, 3, 4, 5, 6, 8)
        for group in (32, 64, 128)
    },
    "mlx-mxfp4": (mlx_micro, {}),
    "mlx-nvfp4": (partial(mlx_micro, group=16), {}),
    "compressed": (compressed, COMPRESSED_4),
    "compressed-zeros": (partial(compressed, zeros=True), COMPRESSED_4),
    "compressed-channels": (partial(compressed, bits=8, group=0), COMPRESSED_CHANNELS),
    "compressed-nvfp4": (compressed_nvfp4, {}),
    "compressed-mxfp4": (compressed_mxfp4, {}),
    "compressed-mxfp6": (compressed_mxfp6, {}),
    "nvfp4": (modelopt_nvfp4, {}),
    "modelopt-int4": (modelopt_int4, {}),
    "int8": (int8, {}),
    "fp8": (fp8, {}),
    "fp8-blocks": (fp8_blocks, {}),
    "fp8-comfy": (fp8_comfy, {}),
    "quark-mxfp4": (quark_mxfp4, {}),
    "marlin-24": (marlin_24, COMPRESSED_4),
    "sparse-24": (sparse_24, COMPRESSED_4),
    **{f"hqq-{bits}": (partial(hqq, bits=bits), {}) for bits in (8, 4, 3, 2)},
    "hqq-columns": (
        partial(hqq, axis=0),
        config(quant_config={"weight_quant_params": {"nbits": 4, "group_size": 64}}),
    ),
    "torchao-int8": (torchao_int8, {}),
    "torchao-int4": (torchao_int4, {}),
    "quanto-int4": (quanto_int4, {}),
    "quanto-named": (quanto_int4, config(quant_method="quanto", weights="int4")),
    "quanto-int8": (quanto_int8, config(quant_method="quanto", weights="int8")),
    "aqlm": (aqlm, config(quant_method="aqlm", nbits_per_codebook=16)),
    "bitnet": (bitnet, config(quant_method="bitnet")),
    "eetq": (eetq, {}),
    "higgs": (higgs, {}),
    "exl2": (exl2, {}),
    "exl3": (exl3, {}),
    "fp-quant": (fp_quant, {}),
    "svdquant": (svdquant, {}),
    "svdquant-awq": (svdquant_awq, {}),
}
