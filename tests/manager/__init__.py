"""The pure core of the manager decides from values alone."""
