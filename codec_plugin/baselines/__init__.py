"""Learned peers: other ideas of progressive coding on our transforms, prior and container.

A file an idea, its methods in `METHODS`; `c2f train --method NAME` trains it from the shared
warm start, `c2f bench --codecs NAME` codes with it. Importing this package costs nothing.
"""
