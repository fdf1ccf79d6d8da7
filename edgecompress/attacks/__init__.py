"""Adversarial attacks: TextAttack, offline, in worker processes of its own."""
