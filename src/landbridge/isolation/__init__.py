"""Files that code of other packages takes apart are read in a process of their own.

A fault in a native library ends that process, and costs an error that names the file; whoever asked
goes on. `ask` asks, `process` is that process, `serve` answers there; other files are what is asked
for.
"""
