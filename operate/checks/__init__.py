"""What must be so before a deployment; each check is a function that tells what it found."""
