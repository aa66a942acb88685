"""Peers: each is installed in an environment of its own and called through an adaptor that runs inside it."""
