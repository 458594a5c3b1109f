"""What the service does in a time, beside what PostgreSQL alone does in it on the same machine."""
