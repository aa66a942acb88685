"""Why this was recommended: measured influence first."""
