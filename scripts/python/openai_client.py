"""Called by scripts/clients: openai_client.py URL KEY SLOW BLIND. Drives the gateway with OpenAI's client for Python."""

import json
import sys

import openai

url, key, slow, blind = sys.argv[1:]
MODEL = "mock/large"
MESSAGES = [{"role": "user", "content": "Hello"}]


def client(api_key):
    return openai.OpenAI(base_url=url, api_key=api_key, max_retries=0)


def fails(kind, code, call):
    try:
        call()
    except kind as error:
        assert type(error) is kind, error
        assert code is None or error.code == code, error
        return
    raise AssertionError(f"no {kind.__name__}")


ai = client(key)
assert [model.id for model in ai.models.list()] == [MODEL]
assert ai.models.retrieve(MODEL).id == MODEL
chat = ai.chat.completions.create(model=MODEL, messages=MESSAGES)
assert chat.choices[0].message.content.startswith("word0 word1")
assert chat.usage.total_tokens == 16

parts = list(ai.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
assert "".join(part.choices[0].delta.content or "" for part in parts) == chat.choices[0].message.content
assert all(part.usage is None for part in parts)
asked = list(ai.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}))
assert [part.usage.total_tokens for part in asked if part.usage] == [16]

tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
called = ai.chat.completions.create(model=MODEL, messages=MESSAGES, tools=tools)
assert json.loads(called.choices[0].message.tool_calls[0].function.arguments) == {"city": "Bern"}
embedded = ai.embeddings.create(model=MODEL, input="Hello", encoding_format="float")
assert embedded.data[0].embedding == [0.25, -0.5, 0.125]
assert ai.completions.create(model=MODEL, prompt="Hello").choices[0].text.startswith("word0")


def create(with_, model=MODEL, **more):
    return with_.chat.completions.create(model=model, messages=MESSAGES, **more)


fails(openai.AuthenticationError, "invalid_api_key", lambda: create(client("tnt_wrong")))
fails(openai.PermissionDeniedError, "forbidden", lambda: create(client(blind)))
fails(openai.NotFoundError, "model_not_found", lambda: create(ai, "mock/hidden"))
fails(openai.BadRequestError, None, lambda: create(ai, extra_body={"stream_options": 3}))
# Its one request was made by the other client.
fails(openai.RateLimitError, "rate_limit_exceeded", lambda: create(client(slow)))
fails(openai.InternalServerError, None, lambda: create(ai, extra_body={"mock": {"status": 503}}))
print("python: as it should be")
