"""Steps of the forms, by their subject; `config_flow.py` ties them together."""
