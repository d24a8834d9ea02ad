"""placeholder"""


def draw(): ...
def table():
    return ""
