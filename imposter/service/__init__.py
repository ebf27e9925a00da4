"""What the API, the page and the command line ask for, on one server or many."""
