"""Every codec on one protocol: a registry, real bytes, paired statistics, one page."""
