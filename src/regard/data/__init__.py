"""The door and the currency: event logs in, integer-encoded data sets out. Knows no layer and no model."""
