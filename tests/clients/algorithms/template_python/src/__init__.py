from .template_python import apply
