"""The command line: arguments in, one workflow call, results on stdout, an exit code out."""
