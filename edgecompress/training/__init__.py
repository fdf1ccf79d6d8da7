"""The one training loop, its batches, objectives and checkpoints."""
