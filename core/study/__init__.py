"""The comparison of models, the study's claims, the what-if model, the pages on categories."""
