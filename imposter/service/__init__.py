"""The services behind the API, the web page and the command line, for one server or many nodes."""
