"""A load balancer and reverse proxy in which every decision is a plugin."""
