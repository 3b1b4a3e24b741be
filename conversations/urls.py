"""Addresses of the chat."""

from django.urls import path

from conversations import noted, objections, views
from conversations.consumers import ChatConsumer

urlpatterns = [
    path("", views.chat, name="home"),
    path("c/<uuid:conversation_id>/", views.chat, name="conversation"),
    path("c/<uuid:conversation_id>/news", views.latest, name="news"),
    path("conversations/", views.older, name="older"),
    path("drafts/", noted.draft, name="draft"),
    path("messages/", views.send_message, name="send"),
    path("replies/<uuid:reply_id>/stop/", views.stop_reply, name="stop"),
    path("replies/<uuid:reply_id>/timing/", views.timing, name="timing"),
    path("replies/<uuid:reply_id>/events", views.events, name="events"),
    path("replies/<uuid:reply_id>/report/", objections.report, name="report"),
    path("replies/<uuid:reply_id>/appeal/", objections.appeal_for_reply, name="appeal_for_reply"),
    path("incidents/<uuid:incident_id>/appeal/", objections.appeal, name="appeal"),
    path("objections/", objections.dialogs, name="objections"),
    path("limits/", views.limits, name="limits"),
]

websocket_urlpatterns = [path("ws/", ChatConsumer.as_asgi())]
