"""Pure attention layers. Knows no data set."""
