"""Checks the bodies that a test wrote down: check.py FOLDER_OF_DOCUMENTS FOLDER_OF_BODIES"""

import json
import pathlib
import subprocess
import sys

DOCUMENTS = {
    "elevenlabs": "elevenlabs-openapi.json",
    "openai": "openai-openapi.json",
    "whatsapp": "whatsapp-openapi.json",
}
# Fields that the providers take and their documents lack, by operation.
NEWER = {"post /{Version}/{Phone-Number-ID}/messages": ["biz_opaque_callback_data"]}

documents, bodies = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
checked, wrong = 0, 0
for file in sorted(bodies.glob("*.json")):
    sent = json.loads(file.read_text())
    # Meta's document has no mark that a message was read.
    if sent["provider"] == "whatsapp" and sent["body"].get("status") == "read":
        continue
    operation = f"{sent['method']} {sent['path']}"
    verdict = subprocess.run(
        [sys.executable, documents / "check_body.py", documents / DOCUMENTS[sent["provider"]], sent["method"], sent["path"]],
        input=json.dumps(sent["body"]), capture_output=True, text=True, check=False)
    lines = (verdict.stdout + verdict.stderr).splitlines()
    findings = [line for line in lines if not any(f".{name}: " in line for name in NEWER.get(operation, []))]
    checked += 1
    if findings:
        wrong += 1
        print(operation, *findings, sep="\n  ")

from elevenlabs.client import ElevenLabs

sample = json.loads((bodies / "signature.sample").read_text())
# The SDK measures age by the machine's clock, and the sample's clock is the test's: only that may differ.
import elevenlabs.webhooks_custom as webhooks_module
class Then:
    @staticmethod
    def time():
        return int(sample["header"].split(",")[0][2:])
webhooks_module.time = Then
client = ElevenLabs(api_key="unused")
event = client.webhooks.construct_event(sample["body"], sample["header"], sample["secret"])
print("signature: taken by ElevenLabs' SDK")
try:
    client.webhooks.construct_event(sample["body"] + " ", sample["header"], sample["secret"])
except Exception:
    print("signature: a tampered body is refused by ElevenLabs' SDK")
else:
    wrong += 1
    print("signature: the SDK takes a tampered body, so this check proves nothing")

print(f"provider documents: {checked} bodies checked, {wrong} wrong")
sys.exit(1 if wrong or checked < 8 else 0)
