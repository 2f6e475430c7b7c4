"""The words by which averaged copies (EMA, SWA) of a model are known."""

from __future__ import annotations

_AVERAGES = {"ema"}
"""Tokens of a word, between underscores, that tell an average alone."""
_AVERAGES_OF_MODELS = {"average", "averaged", "avg", "swa", "shadow"}
"""Tokens that tell an average where the word has one of `WORDS_OF_MODELS` too: `avg_pool` has none."""
WORDS_OF_MODELS = {"model", "net", "network", "module"}
_PIECES = ("ema", "av", "swa", "shadow")
"""Every token above has one of these in it, so that most words need not be split."""
WORDS_OF_AVERAGES = _AVERAGES | _AVERAGES_OF_MODELS
"""All tokens that tell an average."""
CERTAIN_PREFIX = "model_ema."
"""CompVis/latent-diffusion (ldm/modules/ema.py) takes the dots out of a copy's names, so that none are the model's."""


def is_average(word: str) -> bool:
    """Whether a word of a name tells an average."""
    word = word.lower()
    if not any(piece in word for piece in _PIECES):
        return False
    tokens = set(word.split("_"))
    is_of_model = not tokens.isdisjoint(_AVERAGES_OF_MODELS) and not tokens.isdisjoint(WORDS_OF_MODELS)
    return is_of_model or not tokens.isdisjoint(_AVERAGES)
