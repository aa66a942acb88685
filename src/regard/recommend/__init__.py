"""From a scorer to lists in the ids of the caller."""
