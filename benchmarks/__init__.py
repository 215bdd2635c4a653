"""Measurements of the benefit of the integration and its blueprints."""
