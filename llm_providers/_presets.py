"""Services with OpenAI's chat completions API: their addresses, their pages for keys, and known facts about them.

Each fact is from the page in the comment above it. Facts that the page does not state are left out; the test of a model
finds them.
"""

from collections.abc import Mapping

from imposter.contracts.model import Preset

_OTHERWISE = "Reasoning models take no other temperature than their own."
_TEMPLATE = "Whether a model takes a system message is for its chat template to say."

PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        # platform.openai.com/docs/api-reference/chat/create: temperature 0 to 2; max_tokens is deprecated and not for
        # the o-series, which takes max_completion_tokens; platform.openai.com/docs/guides/reasoning.
        Preset(
            "openai",
            "OpenAI",
            "https://api.openai.com/v1",
            "https://platform.openai.com/api-keys",
            system=True,
            highest_temperature=2,
            max_tokens="max_completion_tokens",
            notes=_OTHERWISE,
        ),
        # learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle: base_url of the v1 API with a key and
        # without api-version, the deployment's name as the model.
        Preset(
            "azure",
            "Azure OpenAI",
            "https://{resource}.openai.azure.com/openai/v1",
            "https://portal.azure.com",
            system=True,
            highest_temperature=2,
            max_tokens="max_completion_tokens",
            notes="Write your resource's name into the address; the model is the name of your deployment. With an "
            "address that ends in /deployments/..., give api_version, too.",
        ),
        # platform.claude.com/docs/en/cli-sdks-libraries/libraries/openai-sdk: address, temperature 0 to 1 (more is 1),
        # both names of max_tokens, what is ignored, system messages moved to the front, not meant for production;
        # platform.claude.com/docs/en/get-api-key: where keys are.
        Preset(
            "anthropic",
            "Anthropic (Claude)",
            "https://api.anthropic.com/v1",
            "https://platform.claude.com/settings/keys",
            system=True,
            highest_temperature=1,
            max_tokens="max_tokens",
            notes="Anthropic means this address for trying its models out. It ignores presence_penalty, "
            "frequency_penalty and seed.",
        ),
        # ai.google.dev/gemini-api/docs/openai: address, key from Google AI Studio, a system message in its example.
        Preset(
            "gemini",
            "Google Gemini",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "https://aistudio.google.com/apikey",
            system=True,
        ),
        # docs.mistral.ai/api: server, first message `user` or `system`, max_tokens, random_seed in place of seed;
        # console.mistral.ai is where that page sends for an account and its keys.
        Preset(
            "mistral",
            "Mistral",
            "https://api.mistral.ai/v1",
            "https://console.mistral.ai",
            system=True,
            max_tokens="max_tokens",
            notes="It calls seed random_seed: put it into extra.",
        ),
        # console.groq.com/docs/openai: address, keys, temperature up to 2, 0 becomes 1e-8.
        Preset(
            "groq",
            "Groq",
            "https://api.groq.com/openai/v1",
            "https://console.groq.com/keys",
            highest_temperature=2,
            notes="A temperature of 0 is taken as 0.00000001.",
        ),
        # api-docs.deepseek.com: address, a system message in its example; .../api/create-chat-completion: temperature
        # up to 2, max_tokens; .../guides/thinking_mode: on by default, and takes no temperature and no penalties.
        Preset(
            "deepseek",
            "DeepSeek",
            "https://api.deepseek.com",
            "https://platform.deepseek.com/api_keys",
            system=True,
            highest_temperature=2,
            max_tokens="max_tokens",
            notes="Its models think before they answer unless they are told not to, and have no use for temperature "
            'and penalties meanwhile. To have quicker answers, put {"thinking": {"type": "disabled"}} into extra.',
        ),
        # openrouter.ai/docs/quickstart: address; openrouter.ai/works-with-openrouter names the page of the keys.
        Preset(
            "openrouter",
            "OpenRouter",
            "https://openrouter.ai/api/v1",
            "https://openrouter.ai/settings/keys",
            notes="What is taken is for the vendor behind each model to say.",
        ),
        # docs.x.ai/api: address, keys in the console, a system message in its example;
        # docs.x.ai/developers/model-capabilities/text/comparison: max_tokens; chat completions are the older API.
        Preset(
            "xai",
            "xAI (Grok)",
            "https://api.x.ai/v1",
            "https://console.x.ai",
            system=True,
            max_tokens="max_tokens",
            notes="xAI goes on serving chat completions, but no longer extends them.",
        ),
        # docs.ollama.com/api/openai-compatibility (docs/openai.md): address, a key is needed by the SDK and ignored, a
        # system message in its example, temperature and max_tokens are supported.
        Preset(
            "ollama",
            "Ollama",
            "http://localhost:11434/v1",
            needs_key=False,
            max_tokens="max_tokens",
            notes=_TEMPLATE,
        ),
        # lmstudio.ai/docs/developer/openai-compat: address and no key in its example; /docs/developer/core/server.
        Preset(
            "lmstudio",
            "LM Studio",
            "http://localhost:1234/v1",
            needs_key=False,
            max_tokens="max_tokens",
            notes=f"Start its server in the Developer tab, or by `lms server start`. {_TEMPLATE}",
        ),
        # github.com/ggml-org/llama.cpp, tools/server/README.md: --host 127.0.0.1, --port 8080, --api-key none.
        Preset(
            "llamacpp",
            "llama.cpp (llama-server)",
            "http://localhost:8080/v1",
            needs_key=False,
            max_tokens="max_tokens",
            notes=f"It wants a key only if it was started with --api-key. {_TEMPLATE}",
        ),
        # docs.vllm.ai/en/stable/serving/openai_compatible_server: address, --api-key, chat templates.
        Preset(
            "vllm",
            "vLLM",
            "http://localhost:8000/v1",
            needs_key=False,
            max_tokens="max_tokens",
            notes="Its port is the one that this server has by default: start one of them with another --port. It "
            f"wants a key only if it was started with --api-key. {_TEMPLATE}",
        ),
    )
}
"""Presets by name, in the order in which they are offered."""


def known(name: str) -> str:
    """Return the name of a preset. Raises: ValueError (unknown; the text lists all of them)."""
    if name not in PRESETS:
        raise ValueError(f"is no preset; there are: {', '.join(PRESETS)}")
    return name
