"""Rules in the box: the Lua host and the library of ready rules."""
