"""The types of ggml's tensors by their numbers, and of files by the type that most of their tensors have.

File types: `llama_ftype` in include/llama.h (https://github.com/ggml-org/llama.cpp).
"""

from __future__ import annotations

from core.checkpoint.dtypes import DTYPES

GGML_TYPES = {dtype.ggml: dtype for dtype in DTYPES if dtype.ggml is not None}
"""By ggml's numbers."""

REMOVED_TYPES = {4: "Q4_2", 5: "Q4_3", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8"}

_FILE_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    4: "Q4_1_SOME_F16",
    5: "Q4_2",
    6: "Q4_3",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    33: "Q4_0_4_4",
    34: "Q4_0_4_8",
    35: "Q4_0_8_8",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}
_GUESSED = 1024


def file_type_name(number: int) -> str:
    """What `general.file_type` means, such as `Q4_K_M`; the number itself where that is not known."""
    name = _FILE_TYPES.get(number & ~_GUESSED)
    if name is None:
        return str(number)
    return f"{name} (guessed)" if number & _GUESSED else name
