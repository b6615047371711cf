"""The paper's table of Feynman equations, beside ours."""
