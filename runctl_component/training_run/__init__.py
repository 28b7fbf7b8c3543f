"""The TrainingRun component and its resources."""
