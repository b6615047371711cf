"""pykan's workflows in our words, one short script each; docs/coming-from-pykan.md goes through them."""
