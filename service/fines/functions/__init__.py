"""Handlers of functions that are made from this image: what a deployment or a schedule runs beside the service itself."""
