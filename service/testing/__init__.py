"""What the service's tests stand on: a real PostgreSQL and real server processes."""
