"""Pictures, image folders, shards and label maps as training and evaluation read them."""
