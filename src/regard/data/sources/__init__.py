"""Public data sets by their public names, and a synthetic world with known truth."""
