"""A node in other people's tests: the pytest plugin of the wheel and the objects that its fixtures give.

Importing the plugin loads the standard library and pytest and nothing else of this project, for pytest imports it
in every environment that has the wheel.
"""
