"""How a kernel is waited for: until it answers and is heard, no longer; one that died, or is late, is told."""

from __future__ import annotations

import asyncio
from queue import Empty
from typing import Any

import pytest

from postmortem.report.notebooks.kernels import PromptClient

ANSWER = {"msg_type": "kernel_info_reply", "content": {"protocol_version": "5.3"}}


class Channel:
    """Gives one message after another, and then none; None stands for one that has not come in time."""

    def __init__(self, *told: dict[str, Any] | None) -> None:
        self.told = list(told)

    async def get_msg(self, timeout: float) -> dict[str, Any]:
        message = self.told.pop(0) if self.told else None
        if message is None:
            raise Empty
        return message


class Client(PromptClient):
    """Has channels that are told what to give, and counts how often it asks."""

    def __init__(self, shell: Channel, published: Channel, *, lives: bool = True) -> None:
        super().__init__()
        self.asked, self.lives = 0, lives
        # The names under which the library keeps what it makes when first asked.
        self._shell_channel, self._iopub_channel = shell, published

    def kernel_info(self) -> str:
        self.asked += 1
        return ""

    async def is_alive(self) -> bool:
        return self.lives


def test_a_kernel_is_ready_once_it_answers_and_is_heard() -> None:
    client = Client(Channel(ANSWER), published := Channel({"msg_type": "status"}, {"msg_type": "status"}))
    asyncio.run(client.wait_for_ready())
    assert client.asked == 1
    assert len(published.told) == 1  # what comes later is not waited for


def test_what_was_published_before_anyone_listened_is_asked_for_again() -> None:
    client = Client(Channel(None, {"msg_type": "other"}, ANSWER, ANSWER), Channel({}, None, {}))
    asyncio.run(client.wait_for_ready())
    assert client.asked == 4


def test_a_kernel_that_dies_or_is_late_is_no_kernel() -> None:
    with pytest.raises(RuntimeError, match="died before it answered"):
        asyncio.run(Client(Channel(), Channel(), lives=False).wait_for_ready())
    with pytest.raises(RuntimeError, match="did not answer in 0 seconds"):
        asyncio.run(Client(Channel(ANSWER), Channel()).wait_for_ready(timeout=0))
