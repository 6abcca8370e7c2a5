"""Tables, curves and pages made from rows of results."""
