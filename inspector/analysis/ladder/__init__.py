"""How near every rung of the ladder comes to the model's attention."""
