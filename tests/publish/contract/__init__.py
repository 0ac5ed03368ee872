"""What every publisher guarantees, each case written once: ``test_contract.py`` has the cases.

``world.py`` is what a case may do and see, and a module per publisher makes that real: a server or a copy of its API,
what others do there past our code, and our own code just below the engine.
"""
