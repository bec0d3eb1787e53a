"""How good the gradient checker is: right code, the same code with planted mistakes, and what checkers say of both."""
