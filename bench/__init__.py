"""The figures that the project promises, measured side by side on one machine: `make bench`."""
