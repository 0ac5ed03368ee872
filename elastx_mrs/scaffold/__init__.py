"""Creates a first project: its questions, its files in each language, and the writing of all of them or none."""
