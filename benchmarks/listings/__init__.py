"""The paper's listings, seed by seed: is the true formula found?"""
