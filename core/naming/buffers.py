"""The names of buffers: what PyTorch modules keep in a checkpoint and do not train.

They are names without digits (`core.naming.template`) and without "_" at their ends, each with the library or the
model that has it.
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
    "tideid",  # DeepSeek-V4's tid2eid: to which experts a token goes
    "num_tokens_per_expert",
    "output_mask",  # e3nn
    *("cos_cached", "sin_cached", "freqs_cos", "freqs_sin", "freqs_cis"),  # rotary embeddings, remote code and EVA
    "float_tensor",  # fairseq's sinusoids
    "positional_encoding_gaussian_matrix",  # SAM: drawn once
    "pos_idx_to_embed",  # Florence-2's sinusoids
    "final_logits_bias",  # BART, Marian, Pegasus
    "layer_scalar",  # Gemma 4
    *("input_min", "input_max", "output_min", "output_max"),  # Gemma 4's bounds of activations
    *("std_bias", "std_scale"),  # Gemma 4's vision tower
    *("slope_rate", "query_decay", "key_decay", "diagonal_decay"),  # MiniMax
    "balancing_biases",  # e_score_correction_bias in ZAYA's router
    # Statistics of inputs: RADIO, Phi-4, LTX, Pocket TTS, MMAudio, NeMo, SpeechBrain, XTTS.
    *("norm_mean", "norm_std", "global_mean", "global_invstd", "latents_mean", "latents_std", "latent_mean"),
    *("latent_std", "data_mean", "data_std", "pitch_mean", "pitch_std", "emb_mean", "emb_std", "mel_stats"),
    *("running_means", "running_vars", "running_variance", "running_std"),  # BigGAN, whitening, SpeechBrain
    *("moving_mean", "moving_Vrr", "moving_Vri", "moving_Vii"),  # SpeechBrain's norms of complex numbers
    # Spectrograms and banks of filters: NeMo, torchaudio, ESPnet, DeepFilterNet, Kokoro, Vocos.
    *("window", "hann_window", "mel_filters", "mel_basis", "melmat", "dct_mat", "filter_mat", "erb_fb", "erb_inv_fb"),
    *("weight_forward_real", "weight_forward_imag", "weight_backward_real", "weight_backward_imag"),
    *("pre_twiddle", "post_twiddle", "analysis_filter", "synthesis_filter", "updown_filter"),
    *("resample_filter", "up_filter", "down_filter", "blur_kernel"),  # StyleGAN, EDM
    *("noise_const", "w_avg", "latent_avg", "magnitude_ema"),  # StyleGAN
    # Codebooks that are averages, and what they are averaged from: vector-quantize-pytorch, NeMo, MONAI.
    *("cluster_size", "ema_cluster_size", "embed_avg", "codes_avg", "codebook_mean", "codebook_variance"),
    *("batch_mean", "batch_variance", "codebook_mean_needs_init", "codebook_variance_needs_init"),
    *("inited", "initted", "rand_projs", "frozen_codebook", "orthogonal_rot"),
    "projection_matrix",  # Performer's random features, drawn anew while it is trained
    *("drop_masks", "drop_mask_te", "h_init"),  # SpeechBrain's light GRUs
    *("cosines", "sines", "index_swap"),  # rotary embeddings, SpeechBrain
    *("num_points_scale", "n_points_scale"),  # D-FINE, RT-DETR v2
    # What is given of atoms and their symmetries: MACE's sums of Clebsch-Gordan coefficients, its cutoff; e3nn; SchNet.
    *("U_matrix", "change_of_basis", "atomic_numbers", "atomic_energies", "covalent_radii", "r_max", "cutoff_radius"),
    *("healing_length", "gaussian_centers"),
    *("S_backcast", "S_forecast", "T_backcast", "T_forecast"),  # bases of N-BEATS
    "pos_weight",  # a loss's
    *("confidence_thresholds", "hw_grid"),  # LightGlue, ALIKED
    "recall_gate",  # SANA-WM
    *("rpe_biases", "biases_h", "biases_v"),  # distances within a window: DAT, CRAFT
    "MetaUpsample",  # how the file's model is upsampled, in numbers
    # The schedules of latent-diffusion.
    *("alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod"),
    *("log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm_alphas_cumprod"),
    *("posterior_variance", "posterior_log_variance_clipped", "posterior_log_variance", "posterior_mean_coef"),
    *("log_sigmas", "lvlb_weights", "p_loss_weight"),
    *("image_queue", "text_queue"),  # BLIP
    "anchor_grid",  # YOLO
    # I-BERT
    *("weight_integer", "bias_integer", "weight_scaling_factor", "fc_scaling_factor", "act_scaling_factor"),
    *("x_min", "x_max"),
}
# Last words that are buffers in a certain module and parameters elsewhere, by the last word of the module's name.
BUFFERS_BY_MODULE = {
    # Moving averages of code vectors: EnCodec, Mimi and their own code.
    "codebook": {
        *("initialized", "cluster_usage"),
        *("embed", "embed_sum", "embedding_sum"),
    },
    "rotary_emb": {"alpha", "scale", "scales"},
    "rotary_pos_emb": {"scale"},
    "pos_embed": {"pos_embed"},  # Stable Diffusion 3's sinusoids
    "LayerNorm": {"shift"},  # I-BERT
    "scaling_layer": {"shift", "scale"},  # LPIPS
    "scale_shift": {"shift", "scale"},  # MACE
    "distance_expansion": {"offset"},  # SchNet in PyTorch Geometric
    "blur": {"f", "kernel"},  # StyleGAN
    "noises": {"noise"},
    "integral": {"project"},  # MMDetection's generalised focal loss
    "act_fn": {"beta", "eps"},  # Apertus
    "shared_embedding": {"positional_embedding"},  # SAM
    "shared_image_embedding": {"positional_embedding"},
    "moe": {"router_bias"},  # Step 3.5's e_score_correction_bias
}
# Last words that are buffers where their module has one of some other tensors.
BUFFERS_BY_SAME_MODULE = {
    # Statistics of inputs: HiFi-GAN, LeRobot, HardNet8's whitening. A std without a mean is a policy's and is trained
    # (rsl_rl).
    **{"mean": ("std", "scale", "components"), "components": ("mean",)},
    **{"std": ("mean",), "scale": ("mean",)},
    **{"_mean": ("_std", "_var"), "_std": ("_mean",), "_var": ("_mean",)},  # rsl_rl
    # latent-diffusion and its like; the betas of TorchMD-Net's radial functions are trained
    **dict.fromkeys(("betas", "alphas", "loss_weight"), ("alphas_cumprod",)),
    "embed": ("embed_avg", "cluster_size"),  # codebooks that are averages
    **{"codes": ("codes_avg",), "ema_w": ("ema_cluster_size",)},
    **{"offsets": ("widths",), "widths": ("offsets",)},  # SchNet's Gaussians
    **{"prefactor": ("r_max",), "bessel_weights": ("prefactor",)},  # MACE; NequIP trains its own
    "grid": ("spline_weight",),  # Kolmogorov-Arnold networks
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
# How the names of e3nn's Wigner 3j symbols and Clebsch-Gordan coefficients begin: `_w3j_1_1_2` without its digits.
CONSTANTS_OF_SYMMETRIES = ("_wj_", "cg__")
# Numbers that tell how far a training is, where they are one element.
COUNTERS = {"step", "steps", "count", "version", "global_step", "num_updates", "n_averaged"}
# How the words of queries' projections begin in models that keep the shift of their norms at zero, as a buffer `beta`
# beside a parameter `gamma`: those in the manner of x-transformers. Elsewhere a beta is trained.
PROJECTIONS_BESIDE_FIXED_BETAS = ("to_q", "to_kv")
# Kinds of models in transformers whose buffers by name are parameters, though no gradient reaches most of them, so that
# a file counts as its config alone does.
PARAMETERS_BY_MODEL = {
    "afmoe": "expert_bias",
    "ernie4_5_moe": "e_score_correction_bias",
    "ernie4_5_vl_moe": "e_score_correction_bias",
    "laguna": "e_score_correction_bias",
    "sam": "positional_embedding",
    "sam_hq": "positional_embedding",
}
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
