"""No secret leaves: every byte that a run wrote or answered is searched."""

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import KEY, bot
from tests.acceptance.product import Product
from tests.acceptance.test_life_of_a_link import sidecar_of
from tests.acceptance.test_main_job import linked
from tests.fakes.model_server import Failure, ModelServer
from tests.fakes.whatsapp_network import WhatsAppNetwork

JSON_KEY = "sk-canary-from-the-config-0987654321"


@pytest.fixture
def product(own_product: Product) -> Product:
    """All that it ever wrote is searched."""
    return own_product


def written(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_no_key_and_no_credential_is_readable_anywhere(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Callable[[], str]
) -> None:
    me, friend = phone(), phone()
    config = bot(f"user of {me}")
    config["llm_provider_config"]["provider_config"]["api_key"] = JSON_KEY
    [instance_id] = await product.put(config)
    await network.scan(await product.qr(instance_id), me)
    await product.until_status(instance_id, "connected")
    model.failures = [Failure(status=401)]
    await network.say(me, friend, "words of a contact, canary 1")
    await product.until_message(instance_id, state="failed")
    await network.say(me, friend, "words of a contact, canary 2")
    await network.wait_inbox(friend, 1)
    broken = bot("broken")
    broken["llm_provider_config"]["provider_config"] |= {"api_key": JSON_KEY, "temprature": 1}
    answer = await product.api.put("/chatbot", json=[broken])
    assert answer.status_code == 422
    assert "temperature" in answer.text
    await product.api.get(f"/chatbot/{instance_id}")
    await product.api.get("/openapi.json")
    assert (await model.wait_requests(1))[0].headers["authorization"] == f"Bearer {JSON_KEY}"
    await product.stop()
    files = written(product.data)
    assert files
    for secret in (KEY, JSON_KEY):
        for form in (secret.encode(), base64.b64encode(secret.encode())):
            assert not [path for path, content in files.items() if form in content]
            assert form not in product.output.read_bytes()
            assert not [text for text in product.seen if form.decode() in text]
    for word in (b"noiseKey", b"signedIdentityKey", b"advSecretKey", b"privKey", b"rootKey", b"registrationId"):
        assert not [path for path, content in files.items() if word in content]
        assert word not in product.output.read_bytes()
    log = product.output.read_text()
    assert "canary 1" not in log
    assert friend not in log
    for path in (product.data, *product.data.rglob("*")):
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0, path


async def test_the_sidecar_never_has_the_models_key(
    product: Product, network: WhatsAppNetwork, phone: Callable[[], str]
) -> None:

    await linked(product, network, phone())
    environment = psutil.Process(sidecar_of(product)).environ()
    assert KEY not in environment.values()
    assert not [name for name in environment if name.startswith(("IMPOSTER_", "OPENAI_"))]
