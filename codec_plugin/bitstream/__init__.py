"""Bytes of the codec: header and stages, the answer behind the header, the range coder."""
