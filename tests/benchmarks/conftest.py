"""Nothing here is a test: these scripts are run by hand."""

collect_ignore_glob = ["*.py"]
