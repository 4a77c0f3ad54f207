"""Batch prediction on a cluster."""
