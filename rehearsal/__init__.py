"""Deploys a tier's real template into a local AWS, boots what should boot, and checks what must be true of it."""
