"""What people read for a model, in templates."""

from django import template

from inference import serving

register = template.Library()


@register.filter
def model_label(name: str) -> str:
    """Of its catalog name."""
    return serving.label(name)
