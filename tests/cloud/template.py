"""infra/template.yaml as the emulator can take it.

The transform is SAM's own. What follows it is what API Gateway makes of the document that SAM gives it, and the
emulator does not: routes and integrations. What else differs from the template:

- The bucket policy that refuses plain HTTP is left out: the emulator speaks nothing else.
- CORS of the API and the table's TTL are set after the deploy (stack.py), because the emulator drops them.
- Alarms over several metrics are left out: the emulator refuses them.
- `sqs:SendMessage` also grants `sqs:SendMessageBatch`, as it does on AWS, where the batch is no action of its own.
- Other alarms, throttling, log retention, bucket lifecycle and encryption at rest are taken and do nothing.
"""

import re
from collections.abc import Callable, Iterator

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "x-amazon-apigateway-any-method"}


class NoManagedPolicies:
    """Where SAM would look up AWS's own policies; the template names none."""

    def load(self) -> dict:
        return {}


def expand(text: str, parameters: dict[str, str], package: Callable[[str], str], without: str | None = None) -> dict:
    """The plain CloudFormation template of this SAM template.

    `package` is given a function's name and answers where its code is. `without` is an action, such as
    `dynamodb:Query`, that no policy is to grant.
    """
    source = yaml_parse(text)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            properties["CodeUri"] = package(properties["CodeUri"].rstrip("/").rsplit("/", 1)[-1])
    template = transform(source, parameters, NoManagedPolicies())
    resources = template["Resources"]
    del resources["FilesBucketPolicy"]
    for name in [name for name, resource in resources.items() if "Metrics" in resource.get("Properties", {})]:
        del resources[name]
    for name in [name for name, resource in resources.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]:
        resources.update(routes(name, resources[name]["Properties"]))
    for statement in statements(template):
        if "sqs:SendMessage" in actions(statement):
            statement["Action"] = [*actions(statement), "sqs:SendMessageBatch"]
    if without:
        taken = sum(take_away(statement, without) for statement in statements(template))
        if not taken:
            raise SystemExit(f"tests/cloud: no policy grants {without}")
    return template


def routes(api: str, properties: dict) -> dict:
    """The routes and integrations of an API's document, which leaves its properties."""
    document = properties.pop("Body")
    properties |= {"Name": {"Fn::Sub": "${AWS::StackName}"}, "ProtocolType": "HTTP"}
    properties["CorsConfiguration"] = cors(document["x-amazon-apigateway-cors"])
    made = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method not in METHODS:
                continue
            integration = operation["x-amazon-apigateway-integration"]
            verb = "ANY" if method.startswith("x-") else method.upper()
            name = api + re.sub(r"\W", "", f"{verb} {path}".title())
            made[f"{name}Integration"] = {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": {"Ref": api},
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": integration["uri"],
                    "PayloadFormatVersion": integration["payloadFormatVersion"],
                },
            }
            made[f"{name}Route"] = {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": api},
                    "RouteKey": "$default" if path == "/$default" else f"{verb} {path}",
                    "Target": {"Fn::Sub": f"integrations/${{{name}Integration}}"},
                },
            }
    return made


def cors(settings: dict) -> dict:
    """An OpenAPI document's settings for pages of other origins, as the API's own. A parameter's list is one text."""
    named = {name[0].upper() + name[1:]: value for name, value in settings.items()}
    return named | {"AllowOrigins": settings["allowOrigins"].split(",")}


def statements(template: dict) -> Iterator[dict]:
    """Every statement by which a role may do something."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            yield from properties["PolicyDocument"]["Statement"]
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield from policy["PolicyDocument"]["Statement"]


def actions(statement: dict) -> list[str]:
    """What a statement lets a role do."""
    return statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]


def take_away(statement: dict, action: str) -> bool:
    """Takes an action out of a statement; what grants nothing any more grants a thing that does not exist."""
    left = [granted for granted in actions(statement) if granted != action]
    taken = len(left) < len(actions(statement))
    statement["Action"] = left or ["none:none"]
    return taken
