"""Attention kernels behind one signature; the reference is the truth."""
