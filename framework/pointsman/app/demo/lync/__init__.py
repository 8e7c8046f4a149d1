"""The Lync site: two front ends, four virtual services, and the steps that lead there."""
