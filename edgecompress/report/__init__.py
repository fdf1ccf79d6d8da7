"""One report, told to each of its readers: people, CI systems, model hubs, other programs."""
