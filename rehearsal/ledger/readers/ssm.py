"""Parameters of Systems Manager."""

from __future__ import annotations

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, only, picked, reads


@reads("AWS::SSM::Parameter")
def parameter(cloud: Cloud, asked: Asked) -> Found:
    ssm, name = cloud("ssm"), asked.physical_id
    value = ssm.get_parameter(Name=name)["Parameter"]
    named = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    record = only(ssm.describe_parameters(ParameterFilters=named)["Parameters"], name)
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    properties = {
        **picked(record, "AllowedPattern", "DataType", "Description", "Name", "Policies", "Tier", "Type"),
        "Value": value["Value"],
        "Tags": tags,
    }
    return Found(properties, picked(value, "Type", "Value"))
