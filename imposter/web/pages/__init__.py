"""The web pages for owner and operator. All routes here return HTML; none is part of the API."""

from fastapi import APIRouter

from imposter.web.pages import bots, chats, docs, figures, files, link, login, new_bot, settings, voice

ROUTERS: tuple[APIRouter, ...] = (
    files.router,
    login.router,
    bots.router,
    docs.router,
    figures.router,
    new_bot.router,
    link.router,
    chats.router,
    voice.router,
    settings.router,
)
