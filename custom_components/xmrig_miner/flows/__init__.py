"""The steps of the config flow by subject; `config_flow.py` combines them."""
