"""The emulator and the stack in it.

    stack.py start                             starts the emulator; its process id goes to emulator.pid
    stack.py deploy BINARIES [--without ACTION]  creates or updates the stack; what a client needs goes to stack.json
    stack.py refusals                          prints what roles were refused, and fails if anything was
    stack.py errors                            prints what the functions logged as errors
    stack.py stop                              stops the emulator

All of it happens in target/cloud, and on loopback, on the port FRONTDESK_CLOUD_PORT or a free one.
"""

import argparse
import hashlib
import io
import json
import logging
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile

REGION = "eu-west-1"
# Who deploys: the account's root, by a key that only this emulator knows.
KEY, SECRET = "frontdesk-cloud-test", "frontdesk-cloud-test"
STACK, CODE = "frontdesk", "frontdesk-code"
TENANT = "acme"
ORIGINS = "https://crm.example.com,https://app.example.com"
STARTS_WITHIN, DEPLOYS_WITHIN = 60, 240  # seconds

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TEMPLATE = ROOT / "infra" / "template.yaml"
FOLDER = ROOT / "target" / "cloud"
PID, ENDPOINT, DESCRIPTION = FOLDER / "emulator.pid", FOLDER / "endpoint", FOLDER / "stack.json"
# Where the emulator unpacks the functions.
TEMPORARY = FOLDER / "tmp"


def client(service: str):
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=ENDPOINT.read_text(),
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 1}, read_timeout=DEPLOYS_WITHIN, ignore_configured_endpoint_urls=True),
    )


def start() -> None:
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    port = int(os.environ.get("FRONTDESK_CLOUD_PORT", "0")) or free_port()
    endpoint = f"http://127.0.0.1:{port}"
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA_"))}
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "AUTH": "true",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(TEMPORARY),
        # The functions inherit it.
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    with open(FOLDER / "emulator.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, HERE / "emulator.py"],
            env=own | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    PID.write_text(str(process.pid))
    ENDPOINT.write_text(endpoint)
    until = time.monotonic() + STARTS_WITHIN
    while not answers(endpoint):
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"tests/cloud: the emulator does not start; see {FOLDER}/emulator.log")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def deploy(binaries: pathlib.Path, without: str | None) -> None:
    from template import expand

    parameters = {"AllowedOrigins": ORIGINS}
    template = expand(TEMPLATE.read_text(), parameters, Packages(binaries).upload, without)
    template.pop("Transform", None)
    create_or_update(template, parameters)
    outputs, resources = what_is_there()
    set_what_was_dropped(template, resources)
    check_routes(template, resources)
    describe(outputs, resources)


class Packages:
    """The functions' packages, each uploaded under its content's digest, so that what is unchanged stays."""

    def __init__(self, binaries: pathlib.Path) -> None:
        self.binaries, self.s3 = binaries, client("s3")
        try:
            self.s3.create_bucket(Bucket=CODE, CreateBucketConfiguration={"LocationConstraint": REGION})
        except self.s3.exceptions.BucketAlreadyOwnedByYou:
            pass

    def upload(self, function: str) -> str:
        binary = (self.binaries / function).read_bytes()
        key = f"{function}-{hashlib.sha256(binary).hexdigest()[:16]}.zip"
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, binary)
        self.s3.put_object(Bucket=CODE, Key=key, Body=package.getvalue())
        return f"s3://{CODE}/{key}"


def create_or_update(template: dict, parameters: dict[str, str]) -> None:
    cloudformation = client("cloudformation")
    exists = any(
        stack["StackName"] == STACK and stack["StackStatus"] != "DELETE_COMPLETE"
        for stack in cloudformation.describe_stacks()["Stacks"]
    )
    body = json.dumps(template)
    # Longer bodies go by a bucket.
    client("s3").put_object(Bucket=CODE, Key="template.json", Body=body.encode())
    change = cloudformation.update_stack if exists else cloudformation.create_stack
    change(
        StackName=STACK,
        TemplateURL=f"{ENDPOINT.read_text()}/{CODE}/template.json",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    until = time.monotonic() + DEPLOYS_WITHIN
    while True:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        if time.monotonic() > until:
            raise SystemExit("tests/cloud: the deployment does not end")
        time.sleep(0.2)
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        for event in cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]:
            if "FAILED" in event["ResourceStatus"]:
                print(event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason"))
        raise SystemExit(f"tests/cloud: the deployment ended with {stack['StackStatus']}")


def what_is_there() -> tuple[dict[str, str], dict[str, str]]:
    """The stack's outputs, and the physical ids of its resources."""
    cloudformation = client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    resources = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
    return outputs, resources


def set_what_was_dropped(template: dict, resources: dict[str, str]) -> None:
    """What the emulator takes from a template and does not do."""
    api = template["Resources"]["Api"]["Properties"]
    client("apigatewayv2").update_api(ApiId=resources["Api"], CorsConfiguration=api["CorsConfiguration"])
    table = template["Resources"]["Table"]["Properties"]
    client("dynamodb").update_time_to_live(
        TableName=resources["Table"], TimeToLiveSpecification=dict(table["TimeToLiveSpecification"])
    )


def check_routes(template: dict, resources: dict[str, str]) -> None:
    """An API without its routes would be reported as deployed, too."""
    wanted = sum(resource["Type"] == "AWS::ApiGatewayV2::Route" for resource in template["Resources"].values())
    pages = client("apigatewayv2").get_paginator("get_routes").paginate(ApiId=resources["Api"])
    found = sum(len(page["Items"]) for page in pages)
    if found != wanted or wanted == 0:
        raise SystemExit(f"tests/cloud: the API has {found} routes, the template {wanted}")


def describe(outputs: dict[str, str], resources: dict[str, str]) -> None:
    """Writes what a client needs to know of the stack. Its first owner's key is asked for once."""
    old = json.loads(DESCRIPTION.read_text()) if DESCRIPTION.exists() else {}
    endpoint = ENDPOINT.read_text()
    queues = {
        name.removesuffix("DeadLetters"): {"url": resources[name.replace("DeadLetters", "Queue")], "dead_letters": url}
        for name, url in resources.items()
        if name.endswith("DeadLetters") and name.replace("DeadLetters", "Queue") in resources
    }
    description = {
        "pid": int(PID.read_text()),
        "url": f"{endpoint}/_aws/execute-api/{resources['Api']}/$default",
        "aws_endpoint": endpoint,
        "region": REGION,
        "access_key": KEY,
        "secret_key": SECRET,
        "table": outputs["TableName"],
        "origins": ORIGINS.split(","),
        "queues": queues,
        "functions": {name: value for name, value in resources.items() if name.endswith("Function")},
        "tenant": TENANT,
        "owner_key": old.get("owner_key") or set_up(resources["PlatformSetupFunction"]),
    }
    DESCRIPTION.write_text(json.dumps(description, indent=2))


def set_up(function: str) -> str:
    event = {"id": TENANT, "name": "Acme Homes"}
    answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    body = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise SystemExit(f"tests/cloud: the installation cannot be set up: {body}")
    return body["api_key"]


def lines(pattern: str):
    """What the functions logged that has this text."""
    logs = client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/{STACK}/")["logGroups"]:
        name = group["logGroupName"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name, filterPattern=f'"{pattern}"')
        for page in pages:
            for event in page["events"]:
                yield f"{name}: {event['message'].strip()}"


def refusals() -> None:
    found = list(lines("AccessDenied"))
    print("\n".join(found[:20]))
    if found:
        raise SystemExit(f"tests/cloud: roles were refused {len(found)} times")


def errors() -> None:
    for line in list(lines("ERROR"))[-50:]:
        print(line)


def stop() -> None:
    if not PID.exists():
        return
    pid = int(PID.read_text())
    if is_emulator(pid):
        try:
            # Its process group: the functions are its children.
            os.killpg(pid, signal.SIGTERM)
            for _ in range(50):
                time.sleep(0.1)
                os.killpg(pid, 0)
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    PID.unlink()
    DESCRIPTION.unlink(missing_ok=True)
    shutil.rmtree(TEMPORARY, ignore_errors=True)


def is_emulator(pid: int) -> bool:
    """Whether the process is the one that was started here: the machine may have given its id to another since."""
    asked = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return str(HERE / "emulator.py") in asked.stdout


def main() -> None:
    logging.disable(logging.WARNING)  # samtranslator's
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("start", "refusals", "errors", "stop"):
        commands.add_parser(name)
    deploying = commands.add_parser("deploy")
    deploying.add_argument("binaries", type=pathlib.Path)
    deploying.add_argument("--without")
    asked = parser.parse_args()
    if asked.command == "deploy":
        deploy(asked.binaries, asked.without)
    else:
        {"start": start, "refusals": refusals, "errors": errors, "stop": stop}[asked.command]()


if __name__ == "__main__":
    main()
