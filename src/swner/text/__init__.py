"""Raw bytes to articles whose every character maps to the raw text: read, clean, split."""
