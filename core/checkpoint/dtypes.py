"""The dtypes of stored tensors: what each is called, in every format, and how many bytes its values take.

Names and sizes: safetensors' crate (tensor.rs, enum Dtype); torch (torch/__init__.py, c10/core/ScalarType.h); ggml's
numbers and blocks: ggml.h and ggml-common.h (https://github.com/ggml-org/llama.cpp, ggml/include, ggml/src).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias


Kind: TypeAlias = "Literal['float', 'integer', 'bool', 'complex', 'packed']"


class Dtype:
    """How values are stored: a block of so many in so many bytes, which is one value but where that is no whole byte.

    Attributes:
        name: as it is shown: as safetensors or ggml spell it, or in their manner.
        block: values in a block, which is never parted.
        nbytes: bytes of a block.
        kind: what a value is; `packed` for a block of whole numbers with the scales that make floats of them.
        torch: torch's names, of dtypes and of those that its quantised storages have.
        ggml: ggml's number; None where it has none.
        in_safetensors: whether safetensors has it.
    """

    __slots__ = ("block", "ggml", "in_safetensors", "kind", "name", "nbytes", "torch")

    def __init__(  # noqa: PLR0917  # a row of the table
        self,
        name: str,
        block: int,
        nbytes: int,
        kind: Kind,
        torch: tuple[str, ...] = (),
        ggml: int | None = None,
        in_safetensors: bool = False,
    ) -> None:
        self.name = name
        self.block = block
        self.nbytes = nbytes
        self.kind = kind
        self.torch = torch
        self.ggml = ggml
        self.in_safetensors = in_safetensors

    @property
    def bits(self) -> int:
        """What a value takes, in bits; 0 where its scales take a part of it that is no whole number."""
        return 8 * self.nbytes // self.block if self.kind != "packed" else 0


DTYPES = (
    Dtype("F64", 1, 8, "float", ("float64", "double"), 28, True),
    Dtype("F32", 1, 4, "float", ("float32", "float"), 0, True),
    Dtype("F16", 1, 2, "float", ("float16", "half"), 1, True),
    Dtype("BF16", 1, 2, "float", ("bfloat16",), 30, True),
    Dtype("F8_E4M3", 1, 1, "float", ("float8_e4m3fn",), None, True),
    Dtype("F8_E5M2", 1, 1, "float", ("float8_e5m2",), None, True),
    Dtype("F8_E4M3FNUZ", 1, 1, "float", ("float8_e4m3fnuz",), None, True),
    Dtype("F8_E5M2FNUZ", 1, 1, "float", ("float8_e5m2fnuz",), None, True),
    Dtype("F8_E8M0", 1, 1, "float", ("float8_e8m0fnu",), None, True),
    Dtype("F6_E2M3", 4, 3, "float", (), None, True),
    Dtype("F6_E3M2", 4, 3, "float", (), None, True),
    Dtype("F4", 2, 1, "float", (), None, True),
    Dtype("I64", 1, 8, "integer", ("int64", "long"), 27, True),
    Dtype("I32", 1, 4, "integer", ("int32", "int", "qint32"), 26, True),
    Dtype("I16", 1, 2, "integer", ("int16", "short"), 25, True),
    Dtype("I8", 1, 1, "integer", ("int8", "qint8"), 24, True),
    Dtype("U64", 1, 8, "integer", ("uint64",), None, True),
    Dtype("U32", 1, 4, "integer", ("uint32",), None, True),
    Dtype("U16", 1, 2, "integer", ("uint16", "bits16"), None, True),
    Dtype("U8", 1, 1, "integer", ("uint8", "quint8", "bits8", "bits1x8"), None, True),
    Dtype("U4", 2, 1, "integer", ("quint4x2", "bits4x2")),
    Dtype("U2", 4, 1, "integer", ("quint2x4", "bits2x4")),
    Dtype("BOOL", 1, 1, "bool", ("bool",), None, True),
    Dtype("C128", 1, 16, "complex", ("complex128", "cdouble")),
    Dtype("C64", 1, 8, "complex", ("complex64", "cfloat"), None, True),
    Dtype("C32", 1, 4, "complex", ("complex32", "chalf")),
    Dtype("Q4_0", 32, 18, "packed", ggml=2),
    Dtype("Q4_1", 32, 20, "packed", ggml=3),
    Dtype("Q5_0", 32, 22, "packed", ggml=6),
    Dtype("Q5_1", 32, 24, "packed", ggml=7),
    Dtype("Q8_0", 32, 34, "packed", ggml=8),
    Dtype("Q8_1", 32, 40, "packed", ggml=9),
    Dtype("Q2_K", 256, 84, "packed", ggml=10),
    Dtype("Q3_K", 256, 110, "packed", ggml=11),
    Dtype("Q4_K", 256, 144, "packed", ggml=12),
    Dtype("Q5_K", 256, 176, "packed", ggml=13),
    Dtype("Q6_K", 256, 210, "packed", ggml=14),
    Dtype("Q8_K", 256, 292, "packed", ggml=15),
    Dtype("IQ2_XXS", 256, 66, "packed", ggml=16),
    Dtype("IQ2_XS", 256, 74, "packed", ggml=17),
    Dtype("IQ3_XXS", 256, 98, "packed", ggml=18),
    Dtype("IQ1_S", 256, 50, "packed", ggml=19),
    Dtype("IQ4_NL", 32, 18, "packed", ggml=20),
    Dtype("IQ3_S", 256, 110, "packed", ggml=21),
    Dtype("IQ2_S", 256, 82, "packed", ggml=22),
    Dtype("IQ4_XS", 256, 136, "packed", ggml=23),
    Dtype("IQ1_M", 256, 56, "packed", ggml=29),
    # Q4_0 with its rows interleaved; llama.cpp reads them no more, the files are still about.
    Dtype("Q4_0_4_4", 32, 18, "packed", ggml=31),
    Dtype("Q4_0_4_8", 32, 18, "packed", ggml=32),
    Dtype("Q4_0_8_8", 32, 18, "packed", ggml=33),
    Dtype("TQ1_0", 256, 54, "packed", ggml=34),
    Dtype("TQ2_0", 256, 66, "packed", ggml=35),
    Dtype("MXFP4", 32, 17, "packed", ggml=39),
    Dtype("NVFP4", 64, 36, "packed", ggml=40),
    Dtype("Q1_0", 128, 18, "packed", ggml=41),
)

VALUE_BYTES = {dtype.name: dtype.nbytes for dtype in DTYPES if dtype.block == 1}
"""Bytes of a value, by the names of dtypes whose values take whole bytes."""

TORCH_IN_BYTES = {
    "float4_e2m1fn_x2": "F4",
    **{f"uint{bits}": f"U{bits}" for bits in range(1, 8)},
    **{f"int{bits}": f"I{bits}" for bits in range(1, 8)},
}
"""Torch's dtypes of fewer bits whose elements take a byte each all the same, with the names that are shown."""


def name_of_torch(name: str) -> str:
    """How torch's dtype of a name (`bfloat16`) is shown; "" where none is called so."""
    shown = (dtype.name for dtype in DTYPES if name in dtype.torch)
    return next(shown, "") or TORCH_IN_BYTES.get(name, "")
