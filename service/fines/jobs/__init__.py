"""What a pod of the service does beside serving, or before it: each a program, `entrypoint job NAME`, that ends with what went wrong."""
