"""What a config names for training: augmenters, the learning rate's steps, the training log."""
