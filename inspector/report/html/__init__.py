"""Pages that open offline: one sentence, a folder of reports, a corpus, the classroom."""
