"""A machine that reads pickles without running anything that they ask for."""
