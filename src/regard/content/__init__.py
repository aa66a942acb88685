"""Modality to vectors: text, images and video through encoders that are given, computed once and kept."""
