"""A screenful in the terminal for every verb."""
