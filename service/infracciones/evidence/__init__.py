"""Evidence: the photo of a fine, checked by its content and kept without its metadata."""
