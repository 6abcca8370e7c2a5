"""Bytes of the codec: the container, the range coder and the order of symbols."""
