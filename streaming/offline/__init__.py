"""The world of the demo and the tests: news feeds and an exchange on this machine, all of it generated."""
