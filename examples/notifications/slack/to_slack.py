"""Passes what an SNS topic gets on to a Slack channel."""

import html
import json
import os
import urllib.request


def handler(event: dict, _context: object) -> None:
    """Post each message with its subject: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""
    for record in event["Records"]:
        news = record["Sns"]
        text = f"*{news['Subject']}*\n```{news['Message']}```"
        body = json.dumps({"text": html.escape(text, quote=False)}).encode()
        request = urllib.request.Request(os.environ["SLACK_WEBHOOK_URL"], body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()
