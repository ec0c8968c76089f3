//! Checkers: what must be true of a world, whoever acted in it.
