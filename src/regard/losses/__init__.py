"""What is asked of a model, and how far its answer is from the truth."""
