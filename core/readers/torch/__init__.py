"""Files of torch.save: the zip form, the legacy form, and where in what they hold the model is."""
