"""Models that several GPUs saved in slices: what each file holds, and how they fit together where that is proven."""
