"""Addresses of the chat."""

from django.urls import path

from conversations import branch_views, details, nominating, noted, objections, ratings, shortcuts, source, views
from conversations.api_keys import views as api_keys
from conversations.consumers import ChatConsumer
from conversations.library import views as library
from conversations.parameters import views as parameters_views
from conversations.search import views as search
from conversations.sharing import views as sharing_views
from conversations.shelf import views as shelf_views

urlpatterns = [
    path("", views.chat, name="home"),
    path("c/<uuid:conversation_id>/", views.chat, name="conversation"),
    path("c/<uuid:conversation_id>/news", views.latest, name="news"),
    path("c/<uuid:conversation_id>/earlier", branch_views.earlier, name="earlier"),
    path("messages/<uuid:message_id>/choose/", branch_views.choose, name="choose"),
    path("messages/<uuid:message_id>/erase/", branch_views.erase, name="erase"),
    path("messages/<uuid:message_id>/source", source.source, name="source"),
    path("editing/", branch_views.editing, name="editing"),
    path("c/<uuid:conversation_id>/share/", sharing_views.share, name="share"),
    path("c/<uuid:conversation_id>/parameters/", parameters_views.set_parameters, name="set_parameters"),
    path("parameters/", parameters_views.dialog, name="parameters"),
    path("models/", parameters_views.models, name="models"),
    path("presets/", parameters_views.save_preset, name="presets"),
    path("presets/new/", library.preset, name="preset_new"),
    path("presets/<int:preset_id>/", library.preset, name="preset"),
    path("presets/<int:preset_id>/values/", library.values, name="preset_values"),
    path("presets/<int:preset_id>/delete/", library.preset_delete, name="preset_delete"),
    path("prompts/", library.prompts, name="prompts"),
    path("prompts/box/", library.box, name="prompts_box"),
    path("prompts/new/", library.prompt, name="prompt_new"),
    path("prompts/<int:prompt_id>/", library.prompt, name="prompt"),
    path("prompts/<int:prompt_id>/text/", library.text, name="prompt_text"),
    path("prompts/<int:prompt_id>/delete/", library.prompt_delete, name="prompt_delete"),
    path("colleagues/", sharing_views.colleagues, name="colleagues"),
    path("shares/", sharing_views.shares, name="shares"),
    path("shares/<int:share_id>/revoke/", sharing_views.revoke, name="revoke"),
    path("s/<slug:token>/", sharing_views.read, name="shared"),
    path("s/<slug:token>/continue/", sharing_views.carry_on, name="carry_on"),
    path("conversations/", shelf_views.listed, name="older"),
    *(path(f"conversations/{verb}/", shelf_views.verb(verb), name=f"shelf-{verb}") for verb in shelf_views.VERBS),
    path("shelf/", shelf_views.menus, name="shelf"),
    path("shelf/choices", shelf_views.choices, name="choices"),
    path("drafts/", noted.draft, name="draft"),
    path("messages/", views.send_message, name="send"),
    path("replies/<uuid:reply_id>/stop/", views.stop_reply, name="stop"),
    path("replies/<uuid:reply_id>/timing/", views.timing, name="timing"),
    path("replies/<uuid:reply_id>/events", views.events, name="events"),
    path("replies/<uuid:reply_id>/report/", objections.report, name="report"),
    path("replies/<uuid:reply_id>/rating/", ratings.rate, name="rate"),
    path("replies/<uuid:reply_id>/details/", details.details, name="details"),
    path("replies/<uuid:reply_id>/knowledge/", nominating.knowledge, name="knowledge"),
    path("ratings/", ratings.form, name="ratings"),
    path("replies/<uuid:reply_id>/appeal/", objections.appeal_for_reply, name="appeal_for_reply"),
    path("incidents/<uuid:incident_id>/appeal/", objections.appeal, name="appeal"),
    path("objections/", objections.dialogs, name="objections"),
    path("shortcuts/", shortcuts.sheet, name="shortcuts"),
    path("search/", search.search, name="search"),
    path("search/panel/", search.panel, name="search_panel"),
    path("limits/", views.limits, name="limits"),
    path("accounts/keys/", api_keys.keys, name="api_keys"),
    path("accounts/keys/revoke/", api_keys.revoke_all, name="api_keys_revoke"),
    path("accounts/keys/<int:key_id>/revoke/", api_keys.revoke, name="api_key_revoke"),
]

websocket_urlpatterns = [path("ws/", ChatConsumer.as_asgi())]
