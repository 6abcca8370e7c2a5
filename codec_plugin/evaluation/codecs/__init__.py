"""The codecs that an evaluation can measure: ours, learned peers, conventional ones."""
