"""What a miner draws: known from a model, measured by a meter, held to a limit."""
