"""A term's logistics: copies for students, a lecture anew, questions, cards."""
