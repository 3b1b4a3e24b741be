"""Addresses of the API."""

from django.urls import path

from conversations.api import described, views

urlpatterns = [
    path("openapi.json", described.description, name="api_description"),
    path("models", views.models, name="api_models"),
    path("models/<path:name>", views.model, name="api_model"),
    path("chat/completions", views.chat_completions, name="api_chat_completions"),
    path("completions", views.completions, name="api_completions"),
]
