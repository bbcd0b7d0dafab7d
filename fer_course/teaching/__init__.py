"""What the notebooks use to teach: samples, figures, exercises, explorers."""
