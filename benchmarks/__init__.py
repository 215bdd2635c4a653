"""Measurements of what the integration and its blueprints bring."""
