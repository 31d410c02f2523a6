from slugify import slugify


def apply(input):
    return slugify(input)
