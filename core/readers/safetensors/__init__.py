"""core.readers.safetensors."""
