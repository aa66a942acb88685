"""The paths of the API: each file has those of one noun, and nothing but the way in and out."""
