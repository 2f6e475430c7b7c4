"""The comparison: up to twelve models side by side, the study's claims, the what-if model."""
