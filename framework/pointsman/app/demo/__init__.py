"""The demonstration: two real servers, a balancer, some traffic, and a table of what happens."""
