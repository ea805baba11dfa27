"""Pages for the tests of the shell: the gallery of parts and a small board, drawn by the real templates and scripts."""
