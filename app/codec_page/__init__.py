"""The Codec page: one photograph, its cuts, what classifiers see in them, conventional codecs."""
