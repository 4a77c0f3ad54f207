"""Quality of predicted documents against gold ones; whole documents, strict spans, labels included."""
