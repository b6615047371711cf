"""Tables 1 and 2 of the KAN paper (Liu et al. 2024, arXiv:2404.19756), beside ours."""
