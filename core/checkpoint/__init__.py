"""The words of the domain: stored tensors, a checkpoint's source, its config, its errors."""
