"""The dashboard: one JavaScript module, and what it asks of the integration."""

from .details import async_register_details
from .module import async_serve_module

__all__ = ["async_register_details", "async_serve_module"]
