"""The program: puts the floors below together and runs them."""
