"""The offline upload: its bytes, its rows, and how they are taken."""
