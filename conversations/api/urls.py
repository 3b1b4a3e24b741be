"""Addresses of the API."""

from django.urls import path

from conversations.api import views

urlpatterns = [
    path("models", views.models, name="api_models"),
    path("models/<path:name>", views.model, name="api_model"),
    path("chat/completions", views.chat_completions, name="api_chat_completions"),
    path("completions", views.completions, name="api_completions"),
]
