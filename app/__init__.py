"""A Streamlit app that looks at hierarchies and cuts the bitstream by hand."""
