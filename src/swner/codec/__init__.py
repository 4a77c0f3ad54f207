"""From documents to numbers and back, with no deep-learning library: one path for every backend.

Text is the clean text of an article. One character is one piece, so piece offsets and character
offsets are the same thing, and a window is a range of characters.
"""
