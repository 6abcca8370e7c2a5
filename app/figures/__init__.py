"""Figure builders: data in, figure out; they know nothing of Streamlit."""
