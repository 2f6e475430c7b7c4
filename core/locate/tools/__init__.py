"""Where other tools keep the models that they fetched: one module a tool; nothing but names and manifests is read."""
