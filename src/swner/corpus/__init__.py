"""Annotated data: formats, data sets, splits and checks."""
