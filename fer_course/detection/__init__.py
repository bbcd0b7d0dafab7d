"""Where are the faces? Annotations, training, scoring and the detector."""
