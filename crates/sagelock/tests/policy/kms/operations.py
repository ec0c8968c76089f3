"""The operations of AWS KMS, what a grant can give and every list of values, as the service's own model
has them."""

import json

import botocore.session

session = botocore.session.get_session()
model = session.get_service_model("kms")
partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
grants = model.shape_for("GrantOperation").enum
shapes = {name: model.shape_for(name) for name in model.shape_names}
enums = {name: getattr(shape, "enum", None) for name, shape in shapes.items()}
enums = {name: values for name, values in enums.items() if values}
required = {
    name: model.operation_model(name).input_shape.required_members
    for name in model.operation_names
    if model.operation_model(name).input_shape
}
print(
    json.dumps(
        {"operations": model.operation_names, "granted": grants, "enums": enums, "required": required,
         "partitions": [
             {"name": one["id"], "suffix": one["outputs"]["dnsSuffix"], "regions": list(one["regions"])}
             for one in partitions]}
    )
)
