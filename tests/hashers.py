from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The product's own hash with the smallest cost: each side reads the cost from the hash, so the real one accepts it."""

    time_cost, memory_cost, parallelism = 1, 8, 1
