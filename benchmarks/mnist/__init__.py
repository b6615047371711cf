"""Handwritten digits: networks of splines beside multilayer perceptrons of as many parameters."""
