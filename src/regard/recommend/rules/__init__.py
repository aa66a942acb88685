"""The rules of a re-ranking policy, one kind a file, and the pass over a list that follows them all."""
