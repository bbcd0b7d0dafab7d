"""Which of the seven expressions? Data sets, FERNet, training, scoring, classifier."""
