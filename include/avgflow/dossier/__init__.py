"""What the person receives (report, export, package), and the evidence page for the auditor."""
