"""An office in a box: the outside world of the built-in agents, with effects that a person can look at and count."""
