"""What development needs."""
