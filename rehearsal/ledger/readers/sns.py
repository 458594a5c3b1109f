"""Topics, their policies and subscriptions."""

from __future__ import annotations

import json
from typing import Any

from rehearsal.ledger.readers.registry import Absent, Asked, Cloud, Found, reads


@reads("AWS::SNS::Topic")
def topic(cloud: Cloud, asked: Asked) -> Found:
    sns, arn = cloud("sns"), asked.physical_id
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    subscriptions = cloud.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    properties = {
        "ContentBasedDeduplication": attributes.get("ContentBasedDeduplication"),
        "DisplayName": attributes.get("DisplayName"),
        "FifoTopic": attributes.get("FifoTopic"),
        "KmsMasterKeyId": attributes.get("KmsMasterKeyId"),
        "SignatureVersion": attributes.get("SignatureVersion"),
        "Subscription": [{"Endpoint": each["Endpoint"], "Protocol": each["Protocol"]} for each in subscriptions],
        "Tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
        "TopicName": attributes["TopicArn"].rpartition(":")[2],
    }
    return Found(properties, {"TopicArn": attributes["TopicArn"], "TopicName": properties["TopicName"]})


@reads("AWS::SNS::TopicPolicy")
def topic_policy(cloud: Cloud, asked: Asked) -> Found:
    documents: dict[str, Any] = {}
    for arn in asked.wanted["Topics"]:
        attributes = cloud("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        if "Policy" in attributes:
            documents[attributes["TopicArn"]] = json.loads(attributes["Policy"])
    if not documents:
        raise Absent("none of the topics has a policy")
    first, *others = documents.values()
    # Where one topic's copy differs from the others', the first that differs is what is shown.
    shown = next((each for each in others if each != first), first)
    return Found({"PolicyDocument": shown, "Topics": list(documents)}, {"Id": asked.physical_id})


@reads("AWS::SNS::Subscription")
def subscription(cloud: Cloud, asked: Asked) -> Found:
    attributes = cloud("sns").get_subscription_attributes(SubscriptionArn=asked.physical_id)["Attributes"]
    documents = {
        name: json.loads(attributes[name]) if attributes.get(name) else None
        for name in ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy")
    }
    properties = {
        **documents,
        "Endpoint": attributes.get("Endpoint"),
        "FilterPolicyScope": attributes.get("FilterPolicyScope"),
        "Protocol": attributes.get("Protocol"),
        "RawMessageDelivery": attributes.get("RawMessageDelivery"),
        "TopicArn": attributes.get("TopicArn"),
    }
    return Found(properties, {"Arn": asked.physical_id})
