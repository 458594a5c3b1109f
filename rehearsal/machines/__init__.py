"""What stands in for EC2: Debian machines under systemd-nspawn, with metadata, volumes and a network of their own."""
