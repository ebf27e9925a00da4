"""Who is answered, how, and whether an answer needs approval."""
