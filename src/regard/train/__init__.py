"""Training: batches, steps, checkpoints, progress."""
