"""Texts to documents with any backend."""
