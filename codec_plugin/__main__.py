"""`python -m codec_plugin` and `torchrun -m codec_plugin`: the same commands as `c2f`."""

from codec_plugin.cli import main

if __name__ == "__main__":
    main()
