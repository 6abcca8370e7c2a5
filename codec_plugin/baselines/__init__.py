"""Learned peers: other ideas of progressive coding on our transforms, prior and container.

One method a file, registered under its name; `c2f train --method NAME` trains it from the shared
warm start, `c2f bench --codecs NAME` codes with it. Importing this package costs nothing.
"""
