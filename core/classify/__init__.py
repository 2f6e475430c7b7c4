"""What each stored tensor means: role, category, how many parameters it stands for."""
