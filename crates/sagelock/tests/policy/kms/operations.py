"""The operations of AWS KMS and what a grant can give, as the service's own model has them."""

import json

import botocore.session

model = botocore.session.get_session().get_service_model("kms")
grants = model.shape_for("GrantOperation").enum
print(json.dumps({"operations": model.operation_names, "granted": grants}))
