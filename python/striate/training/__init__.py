"""What `Model` does with data: compile, fit, evaluate, predict, and the same by batch.

`objectives` is what compile() is given, `functions` traces it with the model into compiled functions, `feeding` brings
data to them, `trainer` is the loop, `progress` its bar.
"""
