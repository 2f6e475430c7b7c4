"""The names of buffers: what PyTorch modules keep in a checkpoint and do not train.

They are names without digits (`core.naming.template`), each with the library or the model that has it.
"""

from __future__ import annotations

# Last words of names that are buffers in whatever module they stand, each with where it is found.
BUFFERS = {
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
    "e_score_correction_bias",  # DeepSeek-V3's router, where a rule sets it and no gradient
    "expert_bias",  # a router's in LFM2-MoE, Bailing, Megatron; a parameter in AFMoE that takes no gradient
    "tid2eid",  # DeepSeek-V4: to which experts a token goes
    "num_tokens_per_expert",
    "output_mask",  # e3nn
    *("cos_cached", "sin_cached", "freqs_cos", "freqs_sin", "freqs_cis"),  # rotary embeddings, remote code and EVA
    "_float_tensor",  # fairseq's sinusoids
    "positional_encoding_gaussian_matrix",  # SAM: drawn once
    "pos_idx_to_embed",  # Florence-2's sinusoids
    "final_logits_bias",  # BART, Marian, Pegasus
    "layer_scalar",  # Gemma 4
    *("input_min", "input_max", "output_min", "output_max"),  # Gemma 4's bounds of activations
    *("slope_rate", "query_decay", "key_decay", "diagonal_decay"),  # MiniMax
    "balancing_biases",  # e_score_correction_bias in ZAYA's router
    *("norm_mean", "norm_std", "global_mean", "global_invstd"),  # statistics of inputs: RADIO, Phi-4
    *("window", "mel_filters", "mel_basis"),  # spectrograms: NeMo, torchaudio
    # The schedules of latent-diffusion.
    *("alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod"),
    *("log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm_alphas_cumprod"),
    *("posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef"),
    *("image_queue", "text_queue"),  # BLIP
    "anchor_grid",  # YOLO
    *("weight_integer", "bias_integer"),  # I-BERT
}
# Last words that are buffers in a certain module and parameters elsewhere, by the last word of the module's name; both
# are looked up without "_" at their ends.
BUFFERS_BY_MODULE = {
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
# Last words that are buffers where their module has one of some other tensors.
BUFFERS_BY_SAME_MODULE = {
    # Statistics of inputs: HiFi-GAN, LeRobot. A std without a mean is a policy's and is trained (rsl_rl).
    **{"mean": ("std", "scale"), "std": ("mean",)},
    "betas": ("alphas_cumprod",),  # latent-diffusion; those of TorchMD-Net's radial functions are trained
    "queue": ("queue_ptr",),  # MoCo
    # torch.nn.utils.spectral_norm; weight_norm has a weight_v that is trained.
    **{"weight_u": ("weight_orig",), "weight_v": ("weight_orig",)},
}
# Biases of a router that are what others call e_score_correction_bias, by the end of their names, each with the tensor
# of the experts that tells the model: where that is missing, such a bias belongs to the router's linear layer and is
# trained, as gpt-oss has it.
SCORE_CORRECTIONS = {
    "ffn.gate.bias": "ffn.experts..w.weight",  # DeepSeek-V3 and V4 in their own code
    "mlp.gate.bias": "mlp.experts.w_weight",  # Inkling
}
# Modules of llama.cpp that hold buffers, though these are named weight or bias (llama-arch.cpp).
BUFFER_MODULES = {
    "rope_freqs",  # factors of the rotary frequencies, by the config
    "rope_factors_long",
    "rope_factors_short",
    "attn_rot_embd",
    "exp_probs_b",  # e_score_correction_bias
}
# How the names of e3nn's Wigner 3j symbols begin: `_w3j_1_1_2` without its digits.
WIGNER = "_wj_"
# What torch.nn.utils.parametrizations.spectral_norm keeps below `.parametrizations.`.
POWER_VECTORS = {"_u", "_v"}
# Last words of causal masks, and the modules of attention that have them.
MASKS = {"bias", "mask"}
MODULES_WITH_MASKS = {"attn", "attention", "self_attn", "self"}
# Last words of names that PEFT stores and never trains (layer.py of each of its tuners).
FROZEN_IN_ADAPTERS = {
    *("vera_A", "vera_B", "pvera_A", "pvera_B", "randlora_A", "randlora_B"),  # drawn once, shared among all layers
    "delora_w_norm",  # norms of the base model's weights
    "shira_indices",  # where the weights that are trained stand
}
