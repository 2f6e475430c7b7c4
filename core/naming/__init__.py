"""What a tensor's name tells: templates, layers, experts, categories."""
