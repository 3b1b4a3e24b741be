"""Addresses of the chat."""

from django.urls import path

from conversations import views
from conversations.consumers import ChatConsumer

urlpatterns = [
    path("", views.chat, name="home"),
    path("c/<uuid:conversation_id>/", views.chat, name="conversation"),
    path("c/<uuid:conversation_id>/news", views.latest, name="news"),
    path("conversations/", views.older, name="older"),
    path("messages/", views.send_message, name="send"),
    path("replies/<uuid:reply_id>/stop/", views.stop_reply, name="stop"),
    path("replies/<uuid:reply_id>/events", views.events, name="events"),
]

websocket_urlpatterns = [path("ws/", ChatConsumer.as_asgi())]
