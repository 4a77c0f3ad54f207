"""The network: a Hub encoder with a token classifier, a CRF and a relation classifier."""
