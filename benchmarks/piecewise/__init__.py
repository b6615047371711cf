"""How many laws with kinks, jumps and regimes are recovered, and how near their breaks come out."""
