"""The dossier of a request for an auditor or the Autoriteit Persoonsgegevens: what was done and why, without the
person's data, and the means to see that nothing in it was changed.
"""
