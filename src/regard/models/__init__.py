"""Models for one device, composed of layers, behind protocols."""
