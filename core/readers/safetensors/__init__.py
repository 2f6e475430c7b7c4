"""Safetensors files: https://github.com/huggingface/safetensors#format."""
